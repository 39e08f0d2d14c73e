// NumPy arrays in and out of operations.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <vector>

#include "ops/operation.hpp"

namespace juanji::bindings {

namespace py = pybind11;

// Runs an operation on arrays: checks and converts, takes outputs and workspace from the pool, releases the GIL around
// the computation. Inputs that are not dense are copied first, except those the operation updates in place, which must
// be dense and writeable. Returns one array, or a tuple of them where the operation has several outputs or none.
py::object call(const Operation& op, const py::args& arrays);

// Types and shapes from (dtype name, shape) pairs.
std::vector<TensorSpec> read_specs(const std::string& who, const std::vector<std::pair<std::string, Shape>>& specs);

// (dtype name, shape) per output, for shapes and types alone: [("float32", (8, 32, 32, 3)), ...].
std::vector<std::pair<std::string, py::tuple>> infer(const Operation& op,
                                                     const std::vector<std::pair<std::string, Shape>>& specs);

// A new array of the given type and shape whose memory comes from the pool; contents undefined.
py::array new_array(const TensorSpec& spec);

// The same for what lives long, outside of the pool.
py::array new_lasting_array(const TensorSpec& spec);

// The type and shape of an array; throws DTypeError naming `who` for a type that no kernel takes.
TensorSpec spec_of(const std::string& who, const py::array& array);

// Whether the elements lie in row-major order without gaps, aligned.
bool is_dense(const py::array& array);

// The dtype of that NumPy name; throws DTypeError naming `who` for one that no kernel takes.
DType dtype_from_name(const std::string& who, const std::string& name);

// Binds the operation's class under `name`; chain .def(py::init<...>()) behind it for its attributes.
template <class Op>
py::class_<Op, Operation> bind_operation(py::module_& m, const char* name, const char* doc) {
  return py::class_<Op, Operation>(m, name, doc);
}

}  // namespace juanji::bindings
