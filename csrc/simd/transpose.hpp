// The transpose of a square block of registers.
#pragma once

#include <utility>

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {

// Lane i of the results: a[i] or b[i - S], and a[i + S] or b[i], by the bit S of i.
template <class T, int S, int... I>
JUANJI_INLINE void exchange(Vec<T>& a, Vec<T>& b, std::integer_sequence<int, I...>) {
#if defined(__clang__) || __GNUC__ >= 12
  const Vec<T> low = __builtin_shufflevector(a, b, ((I & S) != 0 ? kWidth<T> + I - S : I)...);
  const Vec<T> high = __builtin_shufflevector(a, b, ((I & S) != 0 ? kWidth<T> + I : I + S)...);
#else
  const Vec<T> low = {((I & S) != 0 ? b[I - ((I & S) != 0 ? S : 0)] : a[I])...};
  const Vec<T> high = {((I & S) != 0 ? b[I] : a[I + ((I & S) != 0 ? 0 : S)])...};
#endif
  a = low;
  b = high;
}

// In place; rows of kWidth<T> elements. J. O. Eklundh, "A fast computer method for matrix transposing", 1972: exchange
// the off-diagonal quarters of ever larger blocks.
template <class T, int S = 1>
JUANJI_INLINE void transpose(Vec<T> (&rows)[kWidth<T>]) {
  if constexpr (S < kWidth<T>) {
#pragma GCC unroll 16
    for (int i = 0; i < kWidth<T>; ++i) {
      if ((i & S) == 0) exchange<T, S>(rows[i], rows[i + S], std::make_integer_sequence<int, kWidth<T>>());
    }
    transpose<T, 2 * S>(rows);
  }
}

}  // namespace juanji::kernels::JUANJI_ISA
