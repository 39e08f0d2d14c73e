// Depthwise convolution: every channel is convolved with its own kernel. All arrays have the same number of channels c.
//
// A band of output rows of one image is made a cache line of channels at a time: the source rows that the kernel sees
// are copied into a ring of narrow padded rows, which stays in the first cache with the line's weights, whatever lies
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

// Outputs t*phases + p of a row, 0 <= p < phases, see the source pixels that columns[p] names, t*step further right;
// those outside 0 .. width-1 are zero. Output row i of a band sees the source rows of rows[i], which all exist.
struct DepthwiseSlide {
  const DepthwiseTaps* rows;
  int64_t row_count;
  const DepthwiseTaps* columns;
  int64_t phases, step;
  int64_t count;  // outputs of a row
  int64_t width;
  int64_t kw;  // kernel elements from one kernel row to the next
};

// How the ring keeps source rows: row r is in slot (r / divisor) % slots, pixel j at before + j of `pixels`.
struct DepthwiseRing {
  int64_t slots, divisor;
  int64_t before, pixels;
};

// y = act(b + sum of x · w), for channels first .. last-1.
template <class T>
struct DepthwiseBand {
  DepthwiseSlide slide;
  DepthwiseRing ring;
  const T* x;  // source row 0 of the image
  const T* w;  // (kernel height, kw, c)
  const T* b;  // or null for zero
  T* y;        // the first row of the band
  int64_t kernel_size;
  int64_t c, first, last;
  Activation activation;
  void* scratch;  // depthwise_scratch_bytes
};

// dw += sum of x · dy, for channels first .. last-1.
template <class T>
struct DepthwiseWeightBand {
  DepthwiseSlide slide;
  DepthwiseRing ring;
  const T* x;   // source row 0 of the image
  const T* dy;  // the first row of the band
  T* dw;        // (kernel height, kw, c)
  int64_t kernel_size;
  int64_t c, first, last;
  void* scratch;  // depthwise_scratch_bytes
};

constexpr int64_t kDepthwiseLine = 64;  // bytes of channels that are made at a time

// For the ring and its rows' numbers, the weights and a row of outputs.
inline int64_t depthwise_scratch_bytes(const DepthwiseRing& ring, int64_t kernel_size, int64_t count) {
  const int64_t lines = ring.slots * ring.pixels + kernel_size + count;
  return lines * kDepthwiseLine + ring.slots * static_cast<int64_t>(sizeof(int64_t));
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
