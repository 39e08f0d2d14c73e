// Depthwise convolution: every channel is convolved with its own kernel. All arrays have the same number of channels c.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// One line of outputs: output t = 0 .. count-1 is
//   y[t*y_step] = act(b + sum over v < rows, u < taps of x[v][base + t*step + u*tap_step] · w[v][u])
// for each channel, where pixels outside 0 .. width-1 count as zero. Steps of x and w are in elements, the others in
// pixels. The same form serves the forward pass and, with the roles of input and output exchanged, its input gradient.
template <class T>
struct DepthwiseLine {
  const T* x;  // pixel 0 of the source row that kernel row 0 sees
  int64_t x_row_step;
  const T* w;  // kernel row 0, tap 0
  int64_t w_row_step, w_tap_step;
  const T* b;  // or null for zero
  T* y;
  int64_t rows, taps;
  int64_t width, base, step, tap_step;  // step, tap_step > 0
  int64_t count, y_step;
  int64_t c;
  Activation activation;
};

// One row of output gradients against the source row that kernel row 0 sees, of the next kernel rows too:
//   dw[v][u] += sum over t < count of x[v][base + t*step + u*tap_step] · dy[t]
template <class T>
struct DepthwiseWeightLine {
  const T* x;
  int64_t x_row_step;
  const T* dy;
  T* dw;
  int64_t dw_row_step;  // elements; taps are c apart
  int64_t rows, taps;
  int64_t width, base, step, tap_step;
  int64_t count;
  int64_t c;
};

template <class T>
struct DepthwiseTable {
  void (*line)(const DepthwiseLine<T>& line);
  void (*weight_line)(const DepthwiseWeightLine<T>& line);
  // a[i] += b[i]
  void (*accumulate)(T* a, const T* b, int64_t n);
  // y[i*m + j] = x[i], 0 <= j < m
  void (*repeat)(const T* x, T* y, int64_t n, int64_t m);
  // y[i] = the sum of x[i*m + j] over 0 <= j < m
  void (*sum_groups)(const T* x, T* y, int64_t n, int64_t m);
};

JUANJI_KERNEL_FAMILY(DepthwiseTable, depthwise)

}  // namespace juanji::kernels
