#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/unary.hpp"

namespace juanji::bindings {

void bind_unary(py::module_& m) {
  bind_operation<Unary>(m, "Unary", "(x) -> y = f(x), f named by kind: 'relu', 'exp', ...")
      .def(py::init<const std::string&>(), py::arg("kind"));
  bind_operation<ActivationGradient>(m, "ActivationGradient", "(y, dy) -> dx of an activation, from its output")
      .def(py::init<const std::string&>(), py::arg("activation"));
}

}  // namespace juanji::bindings
