#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/assign.hpp"

namespace juanji::bindings {

void bind_assign(py::module_& m) {
  bind_operation<Assign>(m, "Assign", "(variable, value) -> (); overwrites the variable").def(py::init<>());
}

}  // namespace juanji::bindings
