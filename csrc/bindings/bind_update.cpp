#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/update_rules.hpp"

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
  bind_operation<AdagradUpdate>(m, "AdagradUpdate", "(w..., dw..., a..., [learning_rate]) -> ()")
      .def(py::init<double>(), py::arg("epsilon"));
  bind_operation<AdadeltaUpdate>(m, "AdadeltaUpdate", "(w..., dw..., a..., d..., [learning_rate]) -> ()")
      .def(py::init<double, double>(), py::arg("rho"), py::arg("epsilon"));
  bind_operation<AdamaxUpdate>(m, "AdamaxUpdate", "(w..., dw..., m..., u..., [learning_rate, step]) -> ()")
      .def(py::init<double, double, double>(), py::arg("beta_1"), py::arg("beta_2"), py::arg("epsilon"));
  bind_operation<NadamUpdate>(m, "NadamUpdate", "(w..., dw..., m..., v..., [learning_rate, step, product]) -> ()")
      .def(py::init<double, double, double>(), py::arg("beta_1"), py::arg("beta_2"), py::arg("epsilon"));
  bind_operation<LionUpdate>(m, "LionUpdate", "(w..., dw..., m..., [learning_rate]) -> ()")
      .def(py::init<double, double>(), py::arg("beta_1"), py::arg("beta_2"));
  bind_operation<FtrlUpdate>(m, "FtrlUpdate", "(w..., dw..., a..., z..., [learning_rate]) -> ()")
      .def(py::init<double, double, double, double, double>(), py::arg("learning_rate_power"), py::arg("l1"),
           py::arg("l2"), py::arg("l2_shrinkage"), py::arg("beta"));
  bind_operation<ScheduleFreeUpdate>(m, "ScheduleFreeUpdate", "(w..., dw..., z..., v..., [learning_rate, step]) -> ()")
      .def(py::init<double, double, double>(), py::arg("beta_1"), py::arg("beta_2"), py::arg("epsilon"));
  bind_operation<BlendUpdate>(m, "BlendUpdate", "(w..., x..., [keep, add]) -> ()").def(py::init<>());
}

}  // namespace juanji::bindings
