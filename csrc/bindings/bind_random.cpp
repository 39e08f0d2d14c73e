#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/random.hpp"

namespace juanji::bindings {

void bind_random(py::module_& m) {
  bind_operation<Dropout>(m, "Dropout", "(x, key) -> y").def(py::init<double>(), py::arg("rate"));
  bind_operation<RandomInteger>(m, "RandomInteger", "(key) -> int64 in [low, high)")
      .def(py::init<Shape, int64_t, int64_t>(), py::arg("shape"), py::arg("low"), py::arg("high"));
  bind_operation<RandomNormal>(m, "RandomNormal", "(key) -> normal numbers")
      .def(py::init([](const Shape& shape, const std::string& dtype, double mean, double stddev, bool truncated) {
             return RandomNormal({dtype_from_name("random.normal", dtype), shape}, mean, stddev, truncated);
           }),
           py::arg("shape"), py::arg("dtype"), py::arg("mean"), py::arg("stddev"), py::arg("truncated"));
  bind_operation<RandomUniform>(m, "RandomUniform", "(key) -> numbers in [low, high)")
      .def(py::init([](const Shape& shape, const std::string& dtype, double low, double high) {
             return RandomUniform({dtype_from_name("random.uniform", dtype), shape}, low, high);
           }),
           py::arg("shape"), py::arg("dtype"), py::arg("low"), py::arg("high"));
}

}  // namespace juanji::bindings
