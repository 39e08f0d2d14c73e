// Windows of one N,H,W,C image laid out as rows of a matrix, and the adjoint. Simple on purpose: the plain reference
// that the fast convolution is tested against.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

struct Im2colShape {
  int64_t h, w, c;
  int64_t oh, ow;
  int64_t kh, kw;
  int64_t sh, sw;
  int64_t dh, dw;
  int64_t top, left;
};

template <class T>
struct Im2colTable {
  // Output rows begin .. end-1: cols[i, j, p, q, :] = x[i*sh + p*dh - top, j*sw + q*dw - left, :], 0 outside the image.
  void (*im2col)(const Im2colShape& s, const T* x, T* cols, int64_t begin, int64_t end);
  // Image rows begin .. end-1: x[r, column, :] = the sum of all cols[i, j, p, q, :] that im2col would copy from there.
  void (*col2im)(const Im2colShape& s, const T* cols, T* x, int64_t begin, int64_t end);
};

JUANJI_KERNEL_FAMILY(Im2colTable, im2col)

}  // namespace juanji::kernels
