// Element-wise functions of two arrays, comparisons, and selection, over blocks of rows.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji {

// A kind is added here and defined, under the same name, in kernels/binary.cpp.
#define JUANJI_BINARY_KINDS(X) \
  X(add)                       \
  X(divide)                    \
  X(maximum)                   \
  X(minimum)                   \
  X(multiply)                  \
  X(power)                     \
  X(subtract)

#define JUANJI_COMPARISON_KINDS(X) \
  X(equal, ==)                     \
  X(greater, >)                    \
  X(greater_equal, >=)             \
  X(less, <)                       \
  X(less_equal, <=)                \
  X(logical_and, &&)               \
  X(logical_or, ||)                \
  X(not_equal, !=)

enum class BinaryKind : int {
#define JUANJI_KIND(name) name,
  JUANJI_BINARY_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

enum class ComparisonKind : int {
#define JUANJI_KIND(name, symbol) name,
  JUANJI_COMPARISON_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

#define JUANJI_KIND(...) +1
constexpr int kBinaryKinds = 0 JUANJI_BINARY_KINDS(JUANJI_KIND);
constexpr int kComparisonKinds = 0 JUANJI_COMPARISON_KINDS(JUANJI_KIND);
#undef JUANJI_KIND

namespace kernels {

// Element (r, c) is data[r * row_stride + c * step]; step is 1, or 0 for one element that serves a whole row.
template <class T>
struct Rows {
  const T* data;
  int64_t row_stride;
  int64_t step;
};

template <class T>
struct BinaryTable {
  // y(r, c) = f(a(r, c), b(r, c)) with dense y; y may be a or b where that is dense. Indexed by BinaryKind.
  void (*arithmetic[kBinaryKinds])(Rows<T> a, Rows<T> b, T* y, int64_t rows, int64_t cols);
  // y(r, c) = a(r, c) < b(r, c), ... Indexed by ComparisonKind.
  void (*comparison[kComparisonKinds])(Rows<T> a, Rows<T> b, bool* y, int64_t rows, int64_t cols);
  // y(r, c) = condition(r, c) ? a(r, c) : b(r, c)
  void (*where)(Rows<bool> condition, Rows<T> a, Rows<T> b, T* y, int64_t rows, int64_t cols);
};

JUANJI_KERNEL_FAMILY(BinaryTable, binary)

}  // namespace kernels
}  // namespace juanji
