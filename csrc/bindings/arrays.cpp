#include "bindings/arrays.hpp"

#include <pybind11/stl.h>

#include "core/buffer_pool.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"

namespace juanji::bindings {
namespace {

DType dtype_of(const std::string& who, const py::array& array) {
  const py::dtype dtype = array.dtype();
  const char order = dtype.byteorder();
  const auto size = static_cast<size_t>(dtype.itemsize());
  if (order == '=' || order == '|' || (order == '<' && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)) {
    switch (dtype.kind()) {
      case 'f':
        if (size == 4) return DType::float32;
        if (size == 8) return DType::float64;
        break;
      case 'i':
        if (size == 4) return DType::int32;
        if (size == 8) return DType::int64;
        break;
      case 'u':
        if (size == 1) return DType::uint8;
        break;
      case 'b': return DType::boolean;
      default: break;
    }
  }
  fail<DTypeError>(who, "unsupported dtype", "float32, float64, int32, int64, uint8 or bool", "dtype",
                   std::string(py::str(dtype)), "Convert it with astype('float32').");
}

Shape shape_of(const py::array& array) { return Shape(array.shape(), array.shape() + array.ndim()); }

py::array dense_copy(const py::array& array) {
  static const py::object copy = py::module_::import("numpy").attr("array");
  return copy(array, py::arg("order") = "C", py::arg("copy") = true);
}

struct Arguments {
  std::vector<py::array> arrays;  // keep converted copies alive
  std::vector<TensorSpec> specs;
  std::vector<Tensor> tensors;
};

Arguments read_arguments(const Operation& op, const py::args& args) {
  std::vector<bool> updated(args.size(), false);
  for (const size_t i : op.updated_inputs(args.size())) {
    if (i < updated.size()) updated[i] = true;
  }
  Arguments result;
  for (size_t i = 0; i < args.size(); ++i) {
    const py::handle argument = args[i];
    if (!py::isinstance<py::array>(argument)) {
      fail<DTypeError>(op.name(), "input " + std::to_string(i) + " is not an array", "a NumPy array", "type",
                       std::string(py::str(py::type::of(argument).attr("__name__"))), "Pass np.asarray(...).");
    }
    py::array array = py::reinterpret_borrow<py::array>(argument);
    const TensorSpec spec = spec_of(op.name(), array);
    if (updated[i] && (!array.writeable() || !is_dense(array))) {
      fail(op.name(), "input " + std::to_string(i) + " is updated in place", "a writeable, C-contiguous array", "shape",
           spec.shape, "Pass np.ascontiguousarray(...) and keep it.");
    }
    if (!is_dense(array)) array = dense_copy(array);
    result.specs.push_back(spec);
    result.tensors.push_back({spec, const_cast<void*>(array.data())});
    result.arrays.push_back(std::move(array));
  }
  return result;
}

const py::dtype& numpy_dtype(DType dtype) {
  // Never destroyed: the interpreter may be gone when static objects are.
  static const auto* table = new std::vector<py::dtype>{py::dtype("float32"), py::dtype("float64"), py::dtype("int32"),
                                                        py::dtype("int64"),   py::dtype("uint8"),   py::dtype("bool")};
  return (*table)[static_cast<size_t>(dtype)];
}

// An array of the memory of `block`, which is released with it.
py::array array_over(const TensorSpec& spec, void* block, void (*release)(void*)) {
  const py::capsule owner(block, release);
  return py::array(numpy_dtype(spec.dtype), spec.shape, {}, block, owner);
}

}  // namespace

TensorSpec spec_of(const std::string& who, const py::array& array) { return {dtype_of(who, array), shape_of(array)}; }

bool is_dense(const py::array& array) {
  return (array.flags() & py::array::c_style) != 0 &&
         reinterpret_cast<uintptr_t>(array.data()) % static_cast<size_t>(array.itemsize()) == 0;
}

py::array new_array(const TensorSpec& spec) {
  return array_over(spec, pool_allocate(spec.bytes()), [](void* block) { pool_release(block); });
}

py::array new_lasting_array(const TensorSpec& spec) {
  return array_over(spec, lasting_allocate(spec.bytes()), [](void* block) { lasting_release(block); });
}

py::object call(const Operation& op, const py::args& args) {
  const Arguments in = read_arguments(op, args);
  const std::vector<TensorSpec> specs = op.outputs(in.specs);
  std::vector<py::array> arrays;
  std::vector<Tensor> outputs;
  for (const TensorSpec& spec : specs) {
    arrays.push_back(new_array(spec));
    outputs.push_back({spec, arrays.back().mutable_data()});
  }
  {
    const py::gil_scoped_release unlocked;
    const Buffer workspace(op.workspace(in.specs));
    const DenormalGuard guard;
    op.run(in.tensors, outputs, workspace.data());
  }
  if (arrays.size() == 1) return std::move(arrays[0]);
  py::tuple result(arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) result[i] = std::move(arrays[i]);
  return std::move(result);
}

DType dtype_from_name(const std::string& who, const std::string& name) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::int64, DType::uint8, DType::boolean}) {
    if (name == dtype_name(dtype)) return dtype;
  }
  fail<DTypeError>(who, "unsupported dtype", "float32, float64, int32, int64, uint8 or bool", "dtype", name, "");
}

std::vector<TensorSpec> read_specs(const std::string& who, const std::vector<std::pair<std::string, Shape>>& specs) {
  std::vector<TensorSpec> result;
  for (const auto& [dtype, shape] : specs) result.push_back({dtype_from_name(who, dtype), shape});
  return result;
}

std::vector<std::pair<std::string, py::tuple>> infer(const Operation& op,
                                                     const std::vector<std::pair<std::string, Shape>>& specs) {
  const std::vector<TensorSpec> inputs = read_specs(op.name(), specs);
  std::vector<std::pair<std::string, py::tuple>> result;
  for (const TensorSpec& spec : op.outputs(inputs)) {
    result.emplace_back(dtype_name(spec.dtype), py::tuple(py::cast(spec.shape)));
  }
  return result;
}

}  // namespace juanji::bindings
