#include "bindings/activation_args.hpp"
#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "bindings/window_args.hpp"
#include "ops/depthwise.hpp"
#include "ops/depthwise_pointwise.hpp"
#include "ops/norm_depthwise.hpp"

namespace juanji::bindings {

namespace {

NormDepthwise norm_depthwise(const Pair& strides, const py::object& padding, double epsilon,
                             const std::string& activation) {
  const char* const name = "norm_depthwise";
  return {read_window(name, {3, 3}, strides, padding, {1, 1}), epsilon, read_activation(name, activation)};
}

void bind_norm_depthwise(py::module_& m) {
  bind_operation<NormDepthwise>(m, "NormDepthwise",
                                "(x, gamma, beta, mean, variance, w[, b]) -> y[, mean and variance of its channels]")
      .def(py::init([](const Pair& strides, const py::object& padding, double epsilon, const std::string& activation,
                       bool moments) {
             NormDepthwise op = norm_depthwise(strides, padding, epsilon, activation);
             op.moments = moments;
             return op;
           }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("epsilon"), py::arg("activation"),
           py::arg("moments") = false)
      .def(
          "fits",
          [](const NormDepthwise& op, const std::vector<int64_t>& x, const std::vector<int64_t>& w) {
            return op.fits({DType::float32, x}, {DType::float32, w});
          },
          py::arg("x"), py::arg("w"), "Whether images and weights of these shapes can be given.");
  bind_operation<NormDepthwiseGradient>(m, "NormDepthwiseGradient",
                                        "(dz, y, gamma, beta, mean, variance, sums, w, x, gamma, beta, mean, variance) "
                                        "-> (dx, dw, dgamma, dbeta, sums)")
      .def(py::init([](const Pair& strides, const py::object& padding, double epsilon, const std::string& activation,
                       double out_epsilon, const std::string& out_activation) {
             return NormDepthwiseGradient(norm_depthwise(strides, padding, epsilon, activation), out_epsilon,
                                          read_activation("norm_depthwise_gradient", out_activation));
           }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("epsilon"), py::arg("activation"),
           py::arg("out_epsilon"), py::arg("out_activation"));
}

}  // namespace

void bind_depthwise(py::module_& m) {
  bind_operation<DepthwiseConv2D>(m, "DepthwiseConv2D", "(x, w[, b]) -> y")
      .def(py::init(
               [](const Pair& strides, const py::object& padding, const Pair& dilation, const std::string& activation) {
                 DepthwiseConv2D op;
                 op.window = read_window(op.name(), {1, 1}, strides, padding, dilation);
                 op.activation = read_activation(op.name(), activation);
                 return op;
               }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"), py::arg("activation"));
  bind_operation<DepthwiseConv2DInputGradient>(m, "DepthwiseConv2DInputGradient", "(dy, w) -> dx")
      .def(py::init([](const Pair& input_size, const Pair& strides, const py::object& padding, const Pair& dilation) {
             DepthwiseConv2DInputGradient op;
             op.window = read_window(op.name(), {1, 1}, strides, padding, dilation);
             op.height = input_size[0];
             op.width = input_size[1];
             return op;
           }),
           py::kw_only(), py::arg("input_size"), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"));
  bind_operation<DepthwiseConv2DWeightGradient>(m, "DepthwiseConv2DWeightGradient", "(x, dy) -> dw")
      .def(py::init([](const Pair& kernel_size, const Pair& strides, const py::object& padding, const Pair& dilation) {
             DepthwiseConv2DWeightGradient op;
             op.window = read_window(op.name(), kernel_size, strides, padding, dilation);
             return op;
           }),
           py::kw_only(), py::arg("kernel_size"), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"));
  bind_operation<DepthwisePointwise>(m, "DepthwisePointwise", "(x, w, packed[, depthwise b][, b][, residual]) -> y")
      .def(py::init([](const Pair& strides, const py::object& padding, const Pair& dilation,
                       const std::string& depthwise_activation, bool depthwise_bias, int64_t filters,
                       const std::string& activation, bool bias, bool residual) {
             DepthwisePointwise op;
             op.window = read_window(op.name(), {1, 1}, strides, padding, dilation);
             op.depthwise_activation = read_activation(op.name(), depthwise_activation);
             op.depthwise_bias = depthwise_bias;
             op.filters = filters;
             op.activation = read_activation(op.name(), activation);
             op.bias = bias;
             op.residual = residual;
             return op;
           }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"),
           py::arg("depthwise_activation"), py::arg("depthwise_bias"), py::arg("filters"), py::arg("activation"),
           py::arg("bias"), py::arg("residual") = false)
      .def(
          "makes_rows_once",
          [](const DepthwisePointwise& op, const std::vector<std::pair<std::string, Shape>>& specs) {
            return op.makes_rows_once(read_specs(op.name(), specs));
          },
          py::arg("specs"),
          "Whether no part of the depthwise result is computed twice, for x and w of these (dtype, shape).");
  bind_norm_depthwise(m);
}

}  // namespace juanji::bindings
