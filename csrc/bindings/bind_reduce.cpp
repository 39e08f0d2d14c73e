#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/reduce.hpp"

namespace juanji::bindings {

void bind_reduce(py::module_& m) {
  bind_operation<Reduce>(m, "Reduce", "(x) -> y reduced over axes by kind: 'sum', 'prod', 'max', 'min', 'mean'")
      .def(py::init<const std::string&, std::vector<int64_t>, bool>(), py::arg("kind"), py::arg("axes"),
           py::arg("keepdims"));
  bind_operation<ArgReduce>(m, "ArgReduce", "(x) -> int32 positions along axis by kind: 'argmax', 'argmin'")
      .def(py::init<const std::string&, int64_t>(), py::arg("kind"), py::arg("axis"));
}

}  // namespace juanji::bindings
