#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/group_norm.hpp"

namespace juanji::bindings {

void bind_group_norm(py::module_& m) {
  bind_operation<GroupNorm>(m, "GroupNorm", "(x, gamma, beta) -> (y, mean, inverse deviation)")
      .def(py::init<int64_t, int64_t, double, bool>(), py::arg("sample_axes"), py::arg("groups"), py::arg("epsilon"),
           py::arg("centered"));
  bind_operation<GroupNormGradient>(m, "GroupNormGradient",
                                    "(dy, x, gamma, mean, inverse deviation) -> (dx, dgamma, dbeta)")
      .def(py::init<int64_t, int64_t, bool>(), py::arg("sample_axes"), py::arg("groups"), py::arg("centered"));
}

}  // namespace juanji::bindings
