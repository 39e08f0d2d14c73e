// Average pooling of one N,H,W,C image: the mean over the pixels of a window that lie inside the image.
#pragma once

#include "kernels/dispatch.hpp"
#include "kernels/pool_shape.hpp"

namespace juanji::kernels {

template <class T>
struct AveragePoolTable {
  // Output rows begin .. end-1 of y. Rows of a window are summed first, then their sums.
  void (*forward)(const PoolShape& s, const T* x, T* y, int64_t begin, int64_t end);
  // Input rows begin .. end-1 of dx; all elements are written.
  void (*gradient)(const PoolShape& s, const T* dy, T* dx, int64_t begin, int64_t end);
};

JUANJI_KERNEL_FAMILY(AveragePoolTable, average_pool)

}  // namespace juanji::kernels
