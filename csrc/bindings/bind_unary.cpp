#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/unary.hpp"

namespace juanji::bindings {

void bind_unary(py::module_& m) {
  bind_operation<Relu>(m, "Relu", "(x) -> y = max(0, x)").def(py::init<>());
  bind_operation<ReluGradient>(m, "ReluGradient", "(y, dy) -> dx").def(py::init<>());
}

}  // namespace juanji::bindings
