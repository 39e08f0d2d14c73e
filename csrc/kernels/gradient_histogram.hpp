// Histograms of the directions in which brightness changes.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

struct HistogramShape {
  int64_t h, w, c;                  // image
  int64_t cell_height, cell_width;  // pixels
  int64_t cells;                    // in a row
  int64_t orientations;             // bins of a half turn
};

template <class T>
struct GradientHistogramTable {
  // y (cells, orientations) of cell row `row`: in each cell, the mean over its pixels of the length of the gradient, in
  // the bin of its direction. The gradient is a central difference, 0 at the edges, of the channel where it is longest.
  // directions: cosine and sine of the angle at which each bin begins.
  void (*row)(const HistogramShape& s, const T* x, const T* directions, int64_t row, T* y);
};

JUANJI_KERNEL_FAMILY(GradientHistogramTable, gradient_histogram)

}  // namespace juanji::kernels
