// The weight gradient of a 3×3 depthwise convolution: one row of dy against the rows of x that it saw, with the nine
// sums of a vector of channels in registers.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// Row v of the `rows` that take part is x + v*x_row_step and belongs to kernel row kernel_row + v.
template <class T>
struct DepthwiseWeightRow {
  const T* x;
  int64_t x_row_step;
  int64_t rows;  // 0 .. 3
  int64_t kernel_row;
  const T* dy;
  T* dw;          // packed
  int64_t width;  // pixels of a row of x
  int64_t base, step, tap_step;
  int64_t count;  // pixels of the row of dy
  int64_t c;
  const T* next_x;   // the rows that will be read
  const T* next_dy;  // next; at the end of the work the present ones
};

template <class T>
struct Depthwise3x3WeightsTable {
  // Sums are packed by vectors of channels, in some order of packed_size(c) elements.
  int64_t (*packed_size)(int64_t c);
  void (*unpack)(const T* packed, T* dw, int64_t c);
  // dw[kernel_row + v][u] += sum over t < count of x[v][base + t*step + u*tap_step] · dy[t]; pixels of x outside
  // 0 .. width-1 take no part.
  void (*row)(const DepthwiseWeightRow<T>& row);
};

JUANJI_KERNEL_FAMILY(Depthwise3x3WeightsTable, depthwise_3x3_weights)

}  // namespace juanji::kernels
