// Softmax and log-softmax of the rows of a matrix, and their gradients from the output.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// x, y, dy, dx: (rows, classes), classes >= 1. A NaN in a row makes the whole row NaN.
template <class T>
struct SoftmaxTable {
  // y[r][c] = exp(x[r][c] - max x[r]) / sum over c of the same
  void (*softmax)(const T* x, T* y, int64_t rows, int64_t classes);
  // y[r][c] = x[r][c] - max x[r] - log(sum over c of exp(x[r][c] - max x[r]))
  void (*log_softmax)(const T* x, T* y, int64_t rows, int64_t classes);
  // dx = y (dy - sum over c of dy y)
  void (*softmax_gradient)(const T* y, const T* dy, T* dx, int64_t rows, int64_t classes);
  // dx = dy - exp(y) sum over c of dy
  void (*log_softmax_gradient)(const T* y, const T* dy, T* dx, int64_t rows, int64_t classes);
};

JUANJI_KERNEL_FAMILY(SoftmaxTable, softmax)

}  // namespace juanji::kernels
