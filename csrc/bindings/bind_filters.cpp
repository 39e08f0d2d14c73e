#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/edges.hpp"
#include "ops/gradient_histogram.hpp"
#include "ops/median.hpp"

namespace juanji::bindings {

void bind_filters(py::module_& m) {
  bind_operation<Edges>(m, "Edges", "(dy, dx, slope (N, H, W), thresholds (N or 1, 2)) -> edges (N, H, W)")
      .def(py::init<>());
  bind_operation<GradientHistogram>(m, "GradientHistogram", "(images) -> (N, cells down, cells across, orientations)")
      .def(py::init<int64_t, int64_t, int64_t>(), py::kw_only(), py::arg("orientations"), py::arg("cell_height"),
           py::arg("cell_width"));
  bind_operation<Median>(m, "Median", "(padded images) -> images")
      .def(py::init<int64_t, int64_t>(), py::kw_only(), py::arg("height"), py::arg("width"));
}

}  // namespace juanji::bindings
