#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/cross_entropy.hpp"

namespace juanji::bindings {

void bind_cross_entropy(py::module_& m) {
  bind_operation<CrossEntropy>(m, "CrossEntropy", "(logits, labels) -> (loss, softmax)").def(py::init<>());
  bind_operation<CrossEntropyGradient>(m, "CrossEntropyGradient", "(softmax, labels, dloss) -> dlogits")
      .def(py::init<>());
  bind_operation<SparseCrossEntropy>(m, "SparseCrossEntropy", "(logits, class numbers) -> (loss, softmax)")
      .def(py::init<>());
  bind_operation<SparseCrossEntropyGradient>(m, "SparseCrossEntropyGradient",
                                             "(softmax, class numbers, dloss) -> dlogits")
      .def(py::init<>());
}

}  // namespace juanji::bindings
