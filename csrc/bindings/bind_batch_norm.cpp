#include "bindings/activation_args.hpp"
#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/batch_norm.hpp"

namespace juanji::bindings {

void bind_batch_norm(py::module_& m) {
  bind_operation<BatchNorm>(m, "BatchNorm", "(x, gamma, beta[, residual]) -> (y, mean, variance)")
      .def(py::init([](double epsilon, const std::string& activation) {
             return BatchNorm(epsilon, read_activation("batch_norm", activation));
           }),
           py::arg("epsilon"), py::arg("activation"));
  bind_operation<BatchNormGradient>(m, "BatchNormGradient",
                                    "(dy, x[, y, or beta with from_input: only with activation 'relu'], gamma, mean, "
                                    "variance) -> (dx, dgamma, dbeta[, dresidual])")
      .def(py::init([](double epsilon, const std::string& activation, bool residual, bool from_input) {
             return BatchNormGradient(epsilon, read_activation("batch_norm_gradient", activation), residual,
                                      from_input);
           }),
           py::arg("epsilon"), py::arg("activation"), py::arg("residual"), py::arg("from_input") = false);
  bind_operation<BatchMoments>(m, "BatchMoments", "x -> (mean, variance)").def(py::init<>());
  bind_operation<BatchNormApply>(m, "BatchNormApply", "(x, gamma, beta, mean, variance[, residual]) -> y")
      .def(py::init([](double epsilon, const std::string& activation) {
             return BatchNormApply(epsilon, read_activation("batch_norm_apply", activation));
           }),
           py::arg("epsilon"), py::arg("activation"));
  bind_operation<BatchNormGradientSums>(m, "BatchNormGradientSums",
                                        "(dy, x, gamma, beta, mean, variance) -> (dgamma, dbeta, sums)")
      .def(py::init([](double epsilon, const std::string& activation) {
             return BatchNormGradientSums(epsilon, read_activation("batch_norm_gradient_sums", activation));
           }),
           py::arg("epsilon"), py::arg("activation"));
  bind_operation<BatchNormGradientApply>(m, "BatchNormGradientApply",
                                         "(dy, x, gamma, beta, mean, variance, sums) -> dx")
      .def(py::init([](double epsilon, const std::string& activation) {
             return BatchNormGradientApply(epsilon, read_activation("batch_norm_gradient_apply", activation));
           }),
           py::arg("epsilon"), py::arg("activation"));
  bind_operation<ScaleShift>(m, "ScaleShift", "(x, scale, shift[, residual]) -> y = act(x * scale + shift + residual)")
      .def(py::init(
               [](const std::string& activation) { return ScaleShift(read_activation("scale_shift", activation)); }),
           py::arg("activation"));
}

}  // namespace juanji::bindings
