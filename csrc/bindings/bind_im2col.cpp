#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "bindings/window_args.hpp"
#include "ops/im2col.hpp"

namespace juanji::bindings {

void bind_im2col(py::module_& m) {
  bind_operation<Im2col>(m, "Im2col", "(x) -> cols")
      .def(py::init([](const Pair& kernel_size, const Pair& strides, const py::object& padding, const Pair& dilation) {
             return Im2col(read_window("im2col", kernel_size, strides, padding, dilation));
           }),
           py::kw_only(), py::arg("kernel_size"), py::arg("strides"), py::arg("padding"), py::arg("dilation_rate"));
  bind_operation<Col2im>(m, "Col2im", "(cols) -> x")
      .def(py::init([](const Pair& input_size, const Pair& kernel_size, const Pair& strides, const py::object& padding,
                       const Pair& dilation) {
             const Window window = read_window("col2im", kernel_size, strides, padding, dilation);
             return Col2im(window, input_size[0], input_size[1]);
           }),
           py::kw_only(), py::arg("input_size"), py::arg("kernel_size"), py::arg("strides"), py::arg("padding"),
           py::arg("dilation_rate"));
}

}  // namespace juanji::bindings
