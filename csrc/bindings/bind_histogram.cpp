#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/histogram.hpp"

namespace juanji::bindings {

void bind_histogram(py::module_& m) {
  bind_operation<Equalize>(m, "Equalize", "(x) -> x with the tones of each channel spread evenly")
      .def(py::init<int64_t>(), py::arg("bins"));
  bind_operation<Clahe>(m, "Clahe", "(x) -> x (N, H, W, C) with tones spread by the histograms of tiles")
      .def(py::init<int64_t, int64_t, double>(), py::arg("rows"), py::arg("cols"), py::arg("clip_limit"));
}

}  // namespace juanji::bindings
