#include "bindings/activation_args.hpp"
#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/bias_gradient.hpp"
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
  bind_operation<Dense>(m, "Dense", "(x, w[, b]) -> y = act(x @ w + b)")
      .def(py::init([](const std::string& activation) {
             Dense op;
             op.activation = read_activation("dense", activation);
             return op;
           }),
           py::kw_only(), py::arg("activation"));
  bind_operation<BiasActivationGradient>(m, "BiasActivationGradient",
                                         "(y, dy) -> dz, db; without an activation (dy) -> db")
      .def(py::init([](const std::string& activation) {
             BiasActivationGradient op;
             op.activation = read_activation("bias_activation_gradient", activation);
             return op;
           }),
           py::kw_only(), py::arg("activation"));
}

}  // namespace juanji::bindings
