// Depthwise convolution: every channel is convolved with its own kernel. All arrays have the same number of channels c.
//
// A band of outputs of one image is made a cache line of channels at a time: the source rows that the kernel sees are
// copied into a ring of narrow padded rows, which stays in the first cache with the line's weights, whatever lies
// between two pixels of the image.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// The kernel positions first, first + step, ... that take part at one place of an axis, and the source positions they
// see: source, source + source_step, ..., with source_step > 0.
struct DepthwiseTaps {
  int64_t first = 0, step = 1, count = 0;
  int64_t source = 0, source_step = 1;
};

// How a kernel slides over a part of an image, and the ring of source rows that it reads. Output row i sees the source
// rows of rows[i], which all exist; outputs t*phases + p of a row, 0 <= p < phases, see the ring's pixels that
// columns[p] names, t*step further right. Of those, `width` from `before` on hold pixels of the image; the others are
// zero. Source row r is in slot (r / divisor) % slots.
struct DepthwiseSlide {
  const DepthwiseTaps* rows;
  int64_t row_count;
  const DepthwiseTaps* columns;
  int64_t phases, step;
  int64_t count;  // outputs of a row
  int64_t kh, kw;
  int64_t slots, divisor;
  int64_t pixels, before, width;
};

// y = act(b + sum of x · w), for channels first .. last-1. Steps from row to row are in elements.
template <class T>
struct DepthwiseBand {
  DepthwiseSlide slide;
  const T* x;  // the pixel of source row 0 that comes to the ring's pixel `before`
  int64_t x_row_step;
  const T* w;  // (kh, kw, c)
  const T* b;  // or null for zero
  T* y;        // the first output
  int64_t y_row_step;
  int64_t c, first, last;
  Activation activation;
  void* scratch;  // depthwise_scratch_bytes
};

// dw += sum of x · dy, for channels first .. last-1.
template <class T>
struct DepthwiseWeightBand {
  DepthwiseSlide slide;
  const T* x;
  int64_t x_row_step;
  const T* dy;
  int64_t dy_row_step;
  T* dw;  // (kh, kw, c)
  int64_t c, first, last;
  void* scratch;
};

constexpr int64_t kDepthwiseLine = 64;  // bytes of channels that are made at a time

// For the ring and its rows' numbers, the weights and a row of outputs.
inline int64_t depthwise_scratch_bytes(const DepthwiseSlide& s) {
  const int64_t lines = s.slots * s.pixels + s.kh * s.kw + s.count;
  return lines * kDepthwiseLine + s.slots * static_cast<int64_t>(sizeof(int64_t));
}

template <class T>
struct DepthwiseTable {
  void (*band)(const DepthwiseBand<T>& band);
  void (*weight_band)(const DepthwiseWeightBand<T>& band);
  // a[i] += b[i]
  void (*accumulate)(T* a, const T* b, int64_t n);
  // y[i*m + j] = x[i], 0 <= j < m
  void (*repeat)(const T* x, T* y, int64_t n, int64_t m);
  // y[i] = the sum of x[i*m + j] over 0 <= j < m
  void (*sum_groups)(const T* x, T* y, int64_t n, int64_t m);
};

JUANJI_KERNEL_FAMILY(DepthwiseTable, depthwise)

}  // namespace juanji::kernels
