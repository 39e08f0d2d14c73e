// What an operation sees of its inputs and outputs: type, shape and a pointer to dense row-major memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace juanji {

enum class DType : uint8_t { float32, float64, int32, int64, uint8, boolean };

const char* dtype_name(DType dtype);
size_t dtype_bytes(DType dtype);
inline bool is_float(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::int64;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};

using Shape = std::vector<int64_t>;

int64_t element_count(const Shape& shape);  // throws std::invalid_argument when the product overflows

struct TensorSpec {
  DType dtype = DType::float32;
  Shape shape;

  int64_t size() const { return element_count(shape); }
  size_t bytes() const { return static_cast<size_t>(size()) * dtype_bytes(dtype); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
};

// Borrows its memory.
struct Tensor {
  TensorSpec spec;
  void* data = nullptr;

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  int64_t dim(int64_t axis) const { return spec.shape[static_cast<size_t>(axis)]; }
  int64_t size() const { return spec.size(); }
};

// Calls body(T{}) with T = float or double, whichever dtype names. Operations check their dtypes before.
template <class Body>
void dispatch_float(DType dtype, Body&& body) {
  if (dtype == DType::float64) {
    body(double{});
  } else {
    body(float{});
  }
}

// Calls body(T{}) with the type that dtype names.
template <class Body>
void dispatch_any(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::float32: return body(float{});
    case DType::float64: return body(double{});
    case DType::int32: return body(int32_t{});
    case DType::int64: return body(int64_t{});
    case DType::uint8: return body(uint8_t{});
    case DType::boolean: return body(bool{});
  }
}

}  // namespace juanji
