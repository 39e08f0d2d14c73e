#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/softmax.hpp"

namespace juanji::bindings {

void bind_softmax(py::module_& m) {
  bind_operation<LogSoftmax>(m, "LogSoftmax", "(x) -> y = log softmax(x) over the last axis").def(py::init<>());
  bind_operation<LogSoftmaxGradient>(m, "LogSoftmaxGradient", "(y, dy) -> dx").def(py::init<>());
  bind_operation<Softmax>(m, "Softmax", "(x) -> y = softmax(x) over the last axis").def(py::init<>());
  bind_operation<SoftmaxGradient>(m, "SoftmaxGradient", "(y, dy) -> dx").def(py::init<>());
}

}  // namespace juanji::bindings
