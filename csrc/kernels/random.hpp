// Random numbers from Philox, and dropout. Element e of an array is a function of the stream and e alone.
//
// A chunk of 64 words of 32 bits makes kChunk<T> elements; arrays are cut at multiples of it, so `first` is one.
// These loops are compiled without fused multiply-add: every instruction set gives the same bits.
#pragma once

#include <stdint.h>

#include "core/philox.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
constexpr int64_t kRandomChunk = kPhiloxWords * 4 / static_cast<int64_t>(sizeof(T));
constexpr int64_t kDropoutChunk = kPhiloxWords;  // one word an element, whatever its type

template <class T>
struct RandomTable {
  // y[i] = low + u (high - low), low <= y[i] < high, u of 24 bits (float) or 53 bits (double)
  void (*uniform)(PhiloxStream stream, int64_t first, T* y, int64_t n, T low, T high);
  // y[i] = mean + stddev z, z normal: the inverse of the normal distribution function at a uniform number of 32 bits
  // (float: |z| <= 6.4) or 53 bits (double: |z| <= 8.3). Wichura, algorithm AS 241, Applied Statistics 37, 1988.
  void (*normal)(PhiloxStream stream, int64_t first, T* y, int64_t n, T mean, T stddev);
  // the same with |z| <= 2, distributed as if other z were drawn again
  void (*truncated_normal)(PhiloxStream stream, int64_t first, T* y, int64_t n, T mean, T stddev);
  // y[i] = x[i] scale where the element's word is at least `threshold`, else 0 (NaN or not)
  void (*dropout)(PhiloxStream stream, int64_t first, const T* x, T* y, int64_t n, uint32_t threshold, T scale);
};

JUANJI_KERNEL_FAMILY(RandomTable, random)

}  // namespace juanji::kernels
