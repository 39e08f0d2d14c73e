// Values of an array between its elements: at points of any coordinates, by the nearest element or linear
// interpolation.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// What lies outside of an axis a b c d:
//   constant k k|a b c d|k k   nearest a a|a b c d|d d   wrap c d|a b c d|a b
//   mirror   c b|a b c d|c b   reflect b a|a b c d|d c
enum class FillMode : int32_t { constant, nearest, wrap, mirror, reflect };

// The element for a point: halfway between two, the even one or the one away from zero; or both, weighted.
enum class Sampling : int32_t { nearest_even, nearest_away, linear };

constexpr int kMostAxes = 8;

// An array (size..., channels) and how it is read. A point has one coordinate per axis; the value has all channels.
struct SampleShape {
  int rank;
  int64_t size[kMostAxes];
  int64_t channels;
  FillMode fill_mode;
  Sampling sampling;
};

// Coordinate a of point i is points[a * stride + i].
template <class T>
struct SampleTable {
  // The points of the input image (h, w) for n pixels of one output row: transform a0..a7 maps pixel (x, row) to
  // ((a0 x + a1 row + a2) / k, (a3 x + a4 row + a5) / k) with k = a6 x + a7 row + 1. Points outside are brought inside
  // by the fill mode; those that stay outside (constant, or k = 0) are to be filled. First all y, then all x.
  void (*project)(const T* transform, int64_t h, int64_t w, FillMode fill_mode, int64_t row, int64_t n, T* points);
  // y (n, channels)
  void (*gather)(const SampleShape& s, const T* x, const T* points, int64_t stride, int64_t n, T fill, T* y);
  // dx += the gradient of gather, for channels first .. first+count-1, point by point.
  void (*scatter)(const SampleShape& s, const T* dy, const T* points, int64_t stride, int64_t n, int64_t first,
                  int64_t count, T* dx);
  // The gradient of linear sampling by the coordinates, laid out as they are.
  void (*slope)(const SampleShape& s, const T* x, const T* dy, const T* points, int64_t stride, int64_t n, T fill,
                T* dpoints);
};

JUANJI_KERNEL_FAMILY(SampleTable, sample)

}  // namespace juanji::kernels
