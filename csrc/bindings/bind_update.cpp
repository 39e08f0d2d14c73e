#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/update.hpp"

namespace juanji::bindings {

void bind_update(py::module_& m) {
  bind_operation<SgdUpdate>(m, "SgdUpdate", "(w..., dw..., [m...], [learning_rate]) -> ()")
      .def(py::init<double, bool>(), py::arg("momentum"), py::arg("nesterov"));
  bind_operation<RmspropUpdate>(m, "RmspropUpdate", "(w..., dw..., v..., [m...], [g...], [learning_rate]) -> ()")
      .def(py::init<double, double, double, bool>(), py::arg("rho"), py::arg("momentum"), py::arg("epsilon"),
           py::arg("centered"));
  bind_operation<AdamUpdate>(m, "AdamUpdate", "(w..., dw..., m..., v..., [vhat...], [learning_rate, step]) -> ()")
      .def(py::init<double, double, double, bool>(), py::arg("beta_1"), py::arg("beta_2"), py::arg("epsilon"),
           py::arg("amsgrad"));
}

}  // namespace juanji::bindings
