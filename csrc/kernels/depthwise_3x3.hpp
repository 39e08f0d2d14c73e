// The 3×3 depthwise convolution without dilation, for strides 1 and 2: the case that networks are made of.
//
// One row of outputs at a time. A vector of channels keeps its nine weights in registers and slides along the columns,
// so that every source element is loaded once per row; meanwhile memory that comes next is prefetched, a line at a
// time.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// Source row v of the `rows` that take part is x + v*x_row_step and meets kernel row kernel_row + v*kernel_row_step.
template <class T>
struct DepthwiseRow {
  const T* x;
  int64_t x_row_step;
  int64_t rows;  // 0 .. 3
  int64_t kernel_row, kernel_row_step;
  const T* weights;  // packed
  const T* b;        // or null for zero
  T* y;
  int64_t width;  // pixels of a source row
  int64_t left;   // how far the kernel reaches out on the left
  int64_t count;  // pixels of the row of y
  int64_t c;
  Activation activation;
  const T* next_x;  // the rows that will be read and
  T* next_y;        // written next; at the end of the work the present ones
};

template <class T>
struct Depthwise3x3Table {
  // Weights (3, 3, c) are packed by vectors of channels; `turned` packs them rotated by half a turn.
  int64_t (*packed_size)(int64_t c);
  void (*pack)(const T* w, T* packed, int64_t c, bool turned);
  // y[t] = act(b + sum over v, u of x[v][t*step - left + u] · w[v][u]), where pixels outside the row count as zero.
  // Step 1: left and what the last output needs on the right are at most 2, width + left at least 2.
  void (*row)(const DepthwiseRow<T>& row);
  // Step 2: left is at most 1, and of each output at most the last tap lies to the right of the row.
  void (*row_by_two)(const DepthwiseRow<T>& row);
  // The adjoint of row_by_two, without b and activation: y[2*t - left + u] sums x[v][t] · w[v][u] over v, t, u.
  // `width` is that of y and `count` that of x.
  void (*spread_by_two)(const DepthwiseRow<T>& row);
};

JUANJI_KERNEL_FAMILY(Depthwise3x3Table, depthwise_3x3)

}  // namespace juanji::kernels
