#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "ops/binary.hpp"

namespace juanji::bindings {

void bind_binary(py::module_& m) {
  bind_operation<Binary>(m, "Binary", "(x1, x2) -> y = f(x1, x2), f named by kind: 'add', 'multiply', ...")
      .def(py::init<const std::string&>(), py::arg("kind"));
  bind_operation<Comparison>(m, "Comparison", "(x1, x2) -> booleans, by kind: 'less', 'equal', ...")
      .def(py::init<const std::string&>(), py::arg("kind"));
  bind_operation<Where>(m, "Where", "(condition, x1, x2) -> y = condition ? x1 : x2").def(py::init<>());
}

}  // namespace juanji::bindings
