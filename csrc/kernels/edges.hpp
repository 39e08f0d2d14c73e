// Edges thinned to the pixels where the slope of brightness is steepest.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct EdgesTable {
  // Row `row` of images (h, w): mark is 0 for no edge, 1 for a slope of at least `low`, 2 for one of at least `high`,
  // where the slope is no less than before and behind in its own direction, dy (down) and dx (right), between two
  // pixels interpolated linearly. The outermost rows and columns are no edges.
  void (*row)(const T* dy, const T* dx, const T* slope, int64_t h, int64_t w, int64_t row, T low, T high,
              uint8_t* mark);
};

JUANJI_KERNEL_FAMILY(EdgesTable, edges)

}  // namespace juanji::kernels
