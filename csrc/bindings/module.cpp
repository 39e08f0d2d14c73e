// The native module juanji._core: one bind_<family>() per file, nothing else.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "core/check.hpp"

namespace py = pybind11;
using namespace juanji;

PYBIND11_MODULE(_core, m) {
  m.doc() = "Native operations of juanji. Private: use juanji.ops.";

  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const DTypeError& e) {
      py::set_error(PyExc_TypeError, e.what());
    }
  });

  py::class_<Operation>(m, "Operation", "A native operation: attributes fixed, called with arrays.")
      .def_property_readonly("name", &Operation::name)
      .def("__call__", &bindings::call, "Run on NumPy arrays; returns one array or a tuple.")
      .def("infer", &bindings::infer, py::arg("specs"),
           "(dtype, shape) of each output from the (dtype, shape) of each input.")
      .def(
          "saves_multiplications",
          [](const Operation& op, const std::vector<std::pair<std::string, Shape>>& specs) {
            return op.saves_multiplications(bindings::read_specs(op.name(), specs));
          },
          py::arg("specs"), "Whether it takes fewer multiplications than its definition, for these (dtype, shape).")
      .def("updated_inputs", &Operation::updated_inputs, py::arg("input_count"),
           "Numbers of the inputs that a call overwrites.");

  bindings::bind_assign(m);
  bindings::bind_batch_norm(m);
  bindings::bind_binary(m);
  bindings::bind_cast(m);
  bindings::bind_chain(m);
  bindings::bind_conv(m);
  bindings::bind_copy(m);
  bindings::bind_cross_entropy(m);
  bindings::bind_depthwise(m);
  bindings::bind_filters(m);
  bindings::bind_group_norm(m);
  bindings::bind_histogram(m);
  bindings::bind_im2col(m);
  bindings::bind_image(m);
  bindings::bind_losses(m);
  bindings::bind_matmul(m);
  bindings::bind_packed(m);
  bindings::bind_piecewise(m);
  bindings::bind_pool(m);
  bindings::bind_program(m);
  bindings::bind_random(m);
  bindings::bind_reduce(m);
  bindings::bind_rows(m);
  bindings::bind_softmax(m);
  bindings::bind_system(m);
  bindings::bind_unary(m);
  bindings::bind_update(m);
}
