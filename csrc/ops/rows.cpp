#include "ops/rows.hpp"

#include <cstring>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/rows.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 32768;         // elements a task
constexpr double kCostPerElement = 0.25;  // nanoseconds, bound by memory

bool is_whole(DType dtype) { return !is_float(dtype); }

bool convertible(DType from, DType to) {
  if (from == to || is_float(to)) return true;
  return (to == DType::int32 || to == DType::int64) && is_whole(from);
}

template <class X, class Y>
void convert(const Tensor& x, int64_t at, void* y, int64_t n) {
  const X* from = x.as<X>() + at;
  Y* to = static_cast<Y*>(y);
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<Y>(from[i]);
}

template <class T>
void convert_to_float(const Tensor& x, int64_t at, void* y, int64_t n) {
  const kernels::RowsTable<T>& table = kernels::rows<T>();
  T* to = static_cast<T*>(y);
  switch (x.spec.dtype) {
    case DType::float32: return table.from_float(x.as<float>() + at, to, n);
    case DType::float64: return table.from_double(x.as<double>() + at, to, n);
    case DType::int32: return table.from_int32(x.as<int32_t>() + at, to, n);
    case DType::int64: return table.from_int64(x.as<int64_t>() + at, to, n);
    case DType::uint8: return table.from_uint8(x.as<uint8_t>() + at, to, n);
    case DType::boolean: return table.from_bool(x.as<bool>() + at, to, n);
  }
}

template <class Y>
void convert_to_integer(const Tensor& x, int64_t at, void* y, int64_t n) {
  switch (x.spec.dtype) {
    case DType::int32: return convert<int32_t, Y>(x, at, y, n);
    case DType::int64: return convert<int64_t, Y>(x, at, y, n);
    case DType::uint8: return convert<uint8_t, Y>(x, at, y, n);
    default: return convert<bool, Y>(x, at, y, n);
  }
}

// n elements of x from element `at` on, converted to `dtype`, into y.
void copy_row(const Tensor& x, int64_t at, DType dtype, void* y, int64_t n) {
  if (x.spec.dtype == dtype) {
    const size_t bytes = dtype_bytes(dtype);
    std::memcpy(y, x.as<char>() + static_cast<size_t>(at) * bytes, static_cast<size_t>(n) * bytes);
  } else if (dtype == DType::float32) {
    convert_to_float<float>(x, at, y, n);
  } else if (dtype == DType::float64) {
    convert_to_float<double>(x, at, y, n);
  } else if (dtype == DType::int32) {
    convert_to_integer<int32_t>(x, at, y, n);
  } else {
    convert_to_integer<int64_t>(x, at, y, n);
  }
}

void check_indices(const Operation& op, const int64_t* indices, int64_t n, int64_t rows) {
  for (int64_t i = 0; i < n; ++i) {
    if (indices[i] >= 0 && indices[i] < rows) continue;
    fail(op.name(), "index out of range", rows == 0 ? "no index, as x has no rows" : "0 to " + to_text(rows - 1),
         "indices[" + to_text(i) + "]", indices[i], "");
  }
}

}  // namespace

std::vector<TensorSpec> TakeRows::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec& x = inputs[0];
  const TensorSpec& indices = inputs[1];
  if (x.rank() < 1) fail(name(), "x has no rows", "rank 1 or more", "x.shape", x.shape, "");
  check_rank(*this, indices, "indices", 1, "(row numbers)");
  if (indices.dtype != DType::int64) {
    fail<DTypeError>(name(), "unsupported dtype of indices", "int64", "indices.dtype", dtype_name(indices.dtype),
                     "Convert it with astype('int64').");
  }
  if (!convertible(x.dtype, dtype)) {
    fail<DTypeError>(name(), std::string("cannot convert ") + dtype_name(x.dtype), "float32, float64 or the same type",
                     "dtype", dtype_name(dtype), "");
  }
  Shape shape = x.shape;
  shape[0] = indices.shape[0];
  return {{dtype, shape}};
}

void TakeRows::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& x = inputs[0];
  const int64_t* indices = inputs[1].as<int64_t>();
  const int64_t n = outputs[0].dim(0);
  check_indices(*this, indices, n, x.dim(0));
  const int64_t row = n == 0 ? 0 : outputs[0].size() / n;  // elements
  if (row == 0) return;
  const size_t row_bytes = static_cast<size_t>(row) * dtype_bytes(dtype);
  const int64_t grain = row < kGrain ? kGrain / row : 1;  // rows a task
  parallel_ranges(n, grain, kCostPerElement * static_cast<double>(row), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      copy_row(x, indices[i] * row, dtype, outputs[0].as<char>() + static_cast<size_t>(i) * row_bytes, row);
    }
  });
}

}  // namespace juanji
