#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "bindings/window_args.hpp"
#include "ops/pool.hpp"

namespace juanji::bindings {
namespace {

// No pool_size stands for the whole image.
PoolWindow read_pool(const std::string& op, const std::optional<Pair>& pool_size, const Pair& strides,
                     const py::object& padding, bool keepdims) {
  if (!pool_size) return {Window{}, true, keepdims};
  return {read_window(op, *pool_size, strides, padding), false, false};
}

}  // namespace

void bind_pool(py::module_& m) {
  bind_operation<MaxPool>(m, "MaxPool", "(x) -> y, or y and argmax")
      .def(py::init([](const std::optional<Pair>& pool_size, const Pair& strides, const py::object& padding,
                       bool keepdims, bool argmax) {
             return MaxPool(read_pool("max_pool", pool_size, strides, padding, keepdims), argmax);
           }),
           py::arg("pool_size") = py::none(), py::arg("strides") = Pair{1, 1}, py::arg("padding") = "valid",
           py::arg("keepdims") = false, py::arg("argmax") = false);
  bind_operation<MaxPoolGradient>(m, "MaxPoolGradient", "(dy, argmax) -> dx; input_size is (H, W) of x, or (W,)")
      .def(py::init([](const Shape& input_size, const std::optional<Pair>& pool_size, const Pair& strides,
                       const py::object& padding, bool keepdims) {
             return MaxPoolGradient(read_pool("max_pool_gradient", pool_size, strides, padding, keepdims), input_size);
           }),
           py::arg("input_size"), py::arg("pool_size") = py::none(), py::arg("strides") = Pair{1, 1},
           py::arg("padding") = "valid", py::arg("keepdims") = false);
  bind_operation<MaxPoolBiasGradient>(
      m, "MaxPoolBiasGradient",
      "(dy, argmax[, y]) -> dz, db behind max_pool(act(z + b)): relu where the pooled y is given, else no activation")
      .def(py::init([](const Shape& input_size, const std::optional<Pair>& pool_size, const Pair& strides,
                       const py::object& padding, bool keepdims) {
             return MaxPoolBiasGradient(read_pool("max_pool_bias_gradient", pool_size, strides, padding, keepdims),
                                        input_size);
           }),
           py::arg("input_size"), py::arg("pool_size") = py::none(), py::arg("strides") = Pair{1, 1},
           py::arg("padding") = "valid", py::arg("keepdims") = false);
  bind_operation<MaxPoolTake>(m, "MaxPoolTake", "(x, argmax) -> y, x at the positions that MaxPool returned")
      .def(py::init(
               [](const std::optional<Pair>& pool_size, const Pair& strides, const py::object& padding, bool keepdims) {
                 return MaxPoolTake(read_pool("max_pool_take", pool_size, strides, padding, keepdims));
               }),
           py::arg("pool_size") = py::none(), py::arg("strides") = Pair{1, 1}, py::arg("padding") = "valid",
           py::arg("keepdims") = false);
  bind_operation<AveragePool>(m, "AveragePool", "(x) -> y")
      .def(py::init(
               [](const std::optional<Pair>& pool_size, const Pair& strides, const py::object& padding, bool keepdims) {
                 return AveragePool(read_pool("average_pool", pool_size, strides, padding, keepdims));
               }),
           py::arg("pool_size") = py::none(), py::arg("strides") = Pair{1, 1}, py::arg("padding") = "valid",
           py::arg("keepdims") = false);
  bind_operation<AveragePoolGradient>(m, "AveragePoolGradient", "(dy) -> dx; input_size is (H, W) of x, or (W,)")
      .def(py::init([](const Shape& input_size, const std::optional<Pair>& pool_size, const Pair& strides,
                       const py::object& padding, bool keepdims) {
             return AveragePoolGradient(read_pool("average_pool_gradient", pool_size, strides, padding, keepdims),
                                        input_size);
           }),
           py::arg("input_size"), py::arg("pool_size") = py::none(), py::arg("strides") = Pair{1, 1},
           py::arg("padding") = "valid", py::arg("keepdims") = false);
}

}  // namespace juanji::bindings
