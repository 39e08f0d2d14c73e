#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/piecewise.hpp"

namespace juanji::bindings {

void bind_piecewise(py::module_& m) {
  bind_operation<Piecewise>(m, "Piecewise", "(x) -> y = f(x), f named by kind: 'leaky_relu', 'elu', ...")
      .def(py::init<const std::string&, double, double>(), py::arg("kind"), py::arg("p") = 0.0, py::arg("q") = 0.0);
  bind_operation<PiecewiseGradient>(m, "PiecewiseGradient", "(x, dy) -> dx of such a function")
      .def(py::init<const std::string&, double, double>(), py::arg("kind"), py::arg("p") = 0.0, py::arg("q") = 0.0);
}

}  // namespace juanji::bindings
