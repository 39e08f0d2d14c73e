#include "bindings/activation_args.hpp"
#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "bindings/window_args.hpp"
#include "ops/conv2d_moments.hpp"

namespace juanji::bindings {
namespace {

ConvAttributes read_attributes(const char* op, const Pair& kernel, const Pair& strides, const py::object& padding,
                               const Pair& dilation, int64_t groups) {
  return {read_window(op, kernel, strides, padding, dilation), groups};
}

}  // namespace

void bind_conv(py::module_& m) {
  bind_operation<Conv2D>(m, "Conv2D", "(x, w[, b][, residual]) -> y")
      .def(py::init([](const Pair& strides, const py::object& padding, const Pair& dilation, int64_t groups,
                       const std::string& activation, bool residual) {
             Conv2D op;
             op.attributes = read_attributes("conv2d", {1, 1}, strides, padding, dilation, groups);
             op.activation = read_activation("conv2d", activation);
             op.residual = residual;
             return op;
           }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"), py::arg("groups"),
           py::arg("activation"), py::arg("residual") = false)
      .def(
          "groups_pixels",
          [](const Conv2D& op, const std::vector<std::pair<std::string, Shape>>& specs) {
            return op.groups_pixels(read_specs(op.name(), specs));
          },
          py::arg("specs"),
          "Whether several pixels of few channels are computed as one, for x and w of these (dtype, shape).");
  bind_operation<Conv2DMaxPool>(m, "Conv2DMaxPool", "(x, w[, b]) -> y, or y and argmax: 2 by 2 maxima of Conv2D")
      .def(py::init([](const Pair& strides, const py::object& padding, const Pair& dilation, int64_t groups,
                       const std::string& activation, bool argmax) {
             Conv2DMaxPool op;
             op.conv.attributes = read_attributes("conv2d", {1, 1}, strides, padding, dilation, groups);
             op.conv.activation = read_activation("conv2d", activation);
             op.argmax = argmax;
             return op;
           }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"), py::arg("groups"),
           py::arg("activation"), py::arg("argmax"));
  bind_operation<Conv2DMoments>(m, "Conv2DMoments", "(x, w[, b]) -> y, mean and variance of its channels")
      .def(py::init([](const Pair& strides, const py::object& padding, const Pair& dilation, int64_t groups,
                       const std::string& activation) {
             Conv2DMoments op;
             op.conv.attributes = read_attributes("conv2d_moments", {1, 1}, strides, padding, dilation, groups);
             op.conv.activation = read_activation("conv2d_moments", activation);
             return op;
           }),
           py::kw_only(), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"), py::arg("groups"),
           py::arg("activation"))
      .def_static(
          "fits",
          [](const Shape& y) {
            return Conv2DMoments::fits({DType::float32, y});
          },
          py::arg("y"), "Whether the statistics of such an output are taken image by image.");
  bind_operation<Conv2DInputGradient>(m, "Conv2DInputGradient", "(dy, w) -> dx")
      .def(py::init([](const Pair& input_size, const Pair& strides, const py::object& padding, const Pair& dilation,
                       int64_t groups) {
             Conv2DInputGradient op;
             op.attributes = read_attributes("conv2d_input_gradient", {1, 1}, strides, padding, dilation, groups);
             op.height = input_size[0];
             op.width = input_size[1];
             return op;
           }),
           py::kw_only(), py::arg("input_size"), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"),
           py::arg("groups"));
  bind_operation<Conv2DWeightGradient>(m, "Conv2DWeightGradient", "(x, dy) -> dw")
      .def(py::init([](const Pair& kernel_size, const Pair& strides, const py::object& padding, const Pair& dilation,
                       int64_t groups) {
             Conv2DWeightGradient op;
             op.attributes = read_attributes("conv2d_weight_gradient", kernel_size, strides, padding, dilation, groups);
             return op;
           }),
           py::kw_only(), py::arg("kernel_size"), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"),
           py::arg("groups"));
}

}  // namespace juanji::bindings
