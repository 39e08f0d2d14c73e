#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/rows.hpp"

namespace juanji::bindings {

void bind_rows(py::module_& m) {
  bind_operation<TakeRows>(m, "TakeRows", "(x, indices) -> x[indices] as dtype")
      .def(py::init([](const std::string& dtype) { return TakeRows(dtype_from_name("take_rows", dtype)); }),
           py::arg("dtype"));
}

}  // namespace juanji::bindings
