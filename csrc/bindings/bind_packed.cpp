#include "bindings/activation_args.hpp"
#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "bindings/window_args.hpp"
#include "ops/packed.hpp"

namespace juanji::bindings {

void bind_packed(py::module_& m) {
  bind_operation<PackConv2D>(m, "PackConv2D", "(w) -> packed, the weights in the order Conv2DPacked reads them")
      .def(py::init([](int64_t groups, int64_t winograd_tile) {
             PackConv2D op;
             op.groups = groups;
             op.winograd_tile = winograd_tile;
             return op;
           }),
           py::kw_only(), py::arg("groups"), py::arg("winograd_tile") = 0);
  bind_operation<Conv2DPacked>(m, "Conv2DPacked", "(x, packed[, b][, residual]) -> y, with `pooled` its 2 by 2 maxima")
      .def(py::init([](const Pair& kernel_size, int64_t filters, const Pair& strides, const py::object& padding,
                       const Pair& dilation, int64_t groups, const std::string& activation, bool pooled,
                       int64_t winograd_tile, bool residual) {
             Conv2DPacked op;
             op.attributes = {read_window("conv2d_packed", kernel_size, strides, padding, dilation), groups};
             op.filters = filters;
             op.activation = read_activation("conv2d_packed", activation);
             op.pooled = pooled;
             op.winograd_tile = winograd_tile;
             op.residual = residual;
             return op;
           }),
           py::kw_only(), py::arg("kernel_size"), py::arg("filters"), py::arg("strides"), py::arg("padding"),
           py::arg("dilation_rate"), py::arg("groups"), py::arg("activation"), py::arg("pooled") = false,
           py::arg("winograd_tile") = 0, py::arg("residual") = false)
      .def(
          "best_tile",
          [](const Conv2DPacked& op, const std::vector<std::pair<std::string, Shape>>& specs) {
            return op.best_tile(read_specs(op.name(), specs));
          },
          py::arg("specs"), "The tile of Winograd's method for an x of this (dtype, shape), or 0.");
  bind_operation<PackDense>(m, "PackDense", "(w) -> packed, the weights in the order DensePacked reads them")
      .def(py::init<>());
  bind_operation<DensePacked>(m, "DensePacked", "(x, packed[, b]) -> y = act(x @ w + b)")
      .def(py::init([](int64_t units, const std::string& activation) {
             DensePacked op;
             op.units = units;
             op.activation = read_activation("dense_packed", activation);
             return op;
           }),
           py::kw_only(), py::arg("units"), py::arg("activation"));
}

}  // namespace juanji::bindings
