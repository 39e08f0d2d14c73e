#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/cast.hpp"

namespace juanji::bindings {

void bind_cast(py::module_& m) {
  bind_operation<Cast>(m, "Cast", "(x) -> x as dtype")
      .def(py::init([](const std::string& dtype) { return Cast(dtype_from_name("cast", dtype)); }), py::arg("dtype"));
}

}  // namespace juanji::bindings
