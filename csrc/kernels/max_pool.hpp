// Max pooling of one N,H,W,C image. The argmax is the position p*kw + q inside the window, the first of equal ones;
// NaN counts as larger than everything, as in NumPy's max. kernels/max_pool_2x2.hpp has the usual windows row by row.
#pragma once

#include "kernels/dispatch.hpp"
#include "kernels/pool_shape.hpp"

namespace juanji::kernels {

template <class T, class Index>
struct ArgmaxPoolTable {
  // Output rows begin .. end-1 of y and argmax.
  void (*forward)(const PoolShape& s, const T* x, T* y, Index* argmax, int64_t begin, int64_t end);
  // Input rows begin .. end-1 of dx: the sum of dy over the windows whose maximum is there; all elements are written.
  void (*gradient)(const PoolShape& s, const T* dy, const Index* argmax, T* dx, int64_t begin, int64_t end);
  // Output rows begin .. end-1 of y: x at the position argmax names.
  void (*take)(const PoolShape& s, const T* x, const Index* argmax, T* y, int64_t begin, int64_t end);
};

template <class T>
struct MaxPoolTable {
  // Output rows begin .. end-1 of y.
  void (*forward)(const PoolShape& s, const T* x, T* y, int64_t begin, int64_t end);
  ArgmaxPoolTable<T, uint8_t> narrow;  // windows of at most 256 positions
  ArgmaxPoolTable<T, int32_t> wide;
};

JUANJI_KERNEL_FAMILY(MaxPoolTable, max_pool)

}  // namespace juanji::kernels
