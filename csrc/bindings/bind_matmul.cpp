#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/matmul.hpp"

namespace juanji::bindings {

void bind_matmul(py::module_& m) {
  bind_operation<Matmul>(m, "Matmul", "(a, b) -> c, the matrix product of the last two dimensions")
      .def(py::init([](bool transpose_a, bool transpose_b) {
             Matmul op;
             op.transpose_a = transpose_a;
             op.transpose_b = transpose_b;
             return op;
           }),
           py::kw_only(), py::arg("transpose_a") = false, py::arg("transpose_b") = false);
}

}  // namespace juanji::bindings
