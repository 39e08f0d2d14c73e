#include "ops/tensor.hpp"

#include "core/check.hpp"

namespace juanji {

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::float32: return "float32";
    case DType::float64: return "float64";
    case DType::int32: return "int32";
    case DType::int64: return "int64";
    case DType::uint8: return "uint8";
    case DType::boolean: return "bool";
  }
  return "?";
}

size_t dtype_bytes(DType dtype) {
  switch (dtype) {
    case DType::float64:
    case DType::int64: return 8;
    case DType::float32:
    case DType::int32: return 4;
    case DType::uint8:
    case DType::boolean: return 1;
  }
  return 1;
}

int64_t element_count(const Shape& shape) {
  // 2^58 elements of 8 bytes still fit in an int64_t of bytes.
  constexpr int64_t kLimit = int64_t{1} << 58;
  int64_t count = 1;
  for (const int64_t d : shape) {
    if (d == 0) return 0;
    if (d < 0 || count > kLimit / d) {
      fail("shape", "not a usable shape", "non-negative sizes with a product below 2**58", "shape", shape, "");
    }
    count *= d;
  }
  return count;
}

}  // namespace juanji
