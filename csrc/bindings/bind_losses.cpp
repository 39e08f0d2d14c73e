#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/losses.hpp"

namespace juanji::bindings {

void bind_losses(py::module_& m) {
  bind_operation<BinaryCrossEntropy>(m, "BinaryCrossEntropy", "(output, target) -> loss, per element")
      .def(py::init<bool>(), py::arg("from_logits"));
  bind_operation<BinaryCrossEntropyGradient>(m, "BinaryCrossEntropyGradient", "(output, target, dloss) -> doutput")
      .def(py::init<bool>(), py::arg("from_logits"));
  bind_operation<MeanSquaredError>(m, "MeanSquaredError", "(x, y) -> mean over the last axis of (x - y)²")
      .def(py::init<>());
  bind_operation<MeanSquaredErrorGradient>(m, "MeanSquaredErrorGradient", "(x, y, dloss) -> dx").def(py::init<>());
  bind_operation<ProbabilityCrossEntropy>(m, "ProbabilityCrossEntropy", "(probabilities, labels) -> loss")
      .def(py::init<>());
  bind_operation<ProbabilityCrossEntropyGradient>(m, "ProbabilityCrossEntropyGradient",
                                                  "(probabilities, labels, dloss) -> dprobabilities")
      .def(py::init<>());
  bind_operation<SparseProbabilityCrossEntropy>(m, "SparseProbabilityCrossEntropy",
                                                "(probabilities, class numbers) -> loss")
      .def(py::init<>());
  bind_operation<SparseProbabilityCrossEntropyGradient>(m, "SparseProbabilityCrossEntropyGradient",
                                                        "(probabilities, class numbers, dloss) -> dprobabilities")
      .def(py::init<>());
}

}  // namespace juanji::bindings
