#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/copy.hpp"
#include "ops/take.hpp"

namespace juanji::bindings {

void bind_copy(py::module_& m) {
  bind_operation<Concatenate>(m, "Concatenate", "(x0, x1, ...) -> y joined along axis")
      .def(py::init<int64_t>(), py::arg("axis"));
  bind_operation<Pad>(m, "Pad", "(x) -> y with value around x; widths are (before, behind) of each dimension")
      .def(py::init<std::vector<std::pair<int64_t, int64_t>>, double>(), py::arg("widths"), py::arg("value"));
  bind_operation<Split>(m, "Split", "(x) -> y0, y1, ...: the parts of x along axis")
      .def(py::init<int64_t, std::vector<int64_t>>(), py::arg("axis"), py::arg("sizes"));
  bind_operation<StridedCopy>(m, "StridedCopy", "(x) -> y = x seen through a view; strides and offset in elements")
      .def(py::init<Shape, std::vector<int64_t>, int64_t>(), py::arg("shape"), py::arg("strides"), py::arg("offset"));
  bind_operation<StridedPlace>(m, "StridedPlace", "(x) -> y of zeros but for a view of it, which is x")
      .def(py::init<Shape, Shape, std::vector<int64_t>, int64_t>(), py::arg("shape"), py::arg("view_shape"),
           py::arg("strides"), py::arg("offset"));
  bind_operation<Take>(m, "Take", "(x, indices) -> y: slices of x along axis")
      .def(py::init<int64_t>(), py::arg("axis"));
  bind_operation<TakeGradient>(m, "TakeGradient", "(dy, indices) -> dx of that size along axis")
      .def(py::init<int64_t, int64_t>(), py::arg("axis"), py::arg("size"));
}

}  // namespace juanji::bindings
