// The median of elements that lie at the same place of several lines.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// Bytes of scratch memory for so many lines, aligned to 64 bytes.
constexpr int64_t median_scratch(int64_t count) { return (count / 2 + 2) * 64; }

template <class T>
struct MedianTable {
  // y[i] = the middle one of lines[0][i] .. lines[count - 1][i], the upper one of two. The place of NaN is undefined.
  void (*line)(const T* const* lines, int64_t count, int64_t n, void* scratch, T* y);
};

JUANJI_KERNEL_FAMILY(MedianTable, median)

}  // namespace juanji::kernels
