// Element-wise functions of one array, and their gradients from the output y where y suffices.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct UnaryTable {
  // y[i] = max(0, x[i]), NaN kept
  void (*relu)(const T* x, T* y, int64_t n);
  // dx[i] = y[i] > 0 ? dy[i] : 0
  void (*relu_gradient)(const T* y, const T* dy, T* dx, int64_t n);
};

JUANJI_KERNEL_FAMILY(UnaryTable, unary)

}  // namespace juanji::kernels
