// Batch normalisation of rows of channels: statistics, application, and the two passes of the gradient.
//
// Columns are channels, or channels of several rows laid side by side (ops/channel_rows), so that they fill vectors.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// Where the ReLU behind the normalisation was positive: all null, everywhere; y, where y > 0; scale and shift, where
// apply() with them and without a residual gives a positive result, bit for bit, so that y need not be read.
template <class T>
struct BatchNormMask {
  const T* y;
  const T* scale;
  const T* shift;
};

template <class T>
struct BatchNormTable {
  // mean[c] = mean of x[r * stride + c] over r < rows (at least 1), squares[c] = Σ (x - mean)², for c < cols.
  void (*moments)(const T* x, int64_t rows, int64_t stride, int64_t cols, double* mean, double* squares);

  // y[i] = act((x[i] - mean[c]) * scale[c] + shift[c] [+ residual[i]]) for i < n, c = i % cols; act is max(0, ·) with
  // `relu`, nothing without; residual may be null.
  void (*apply)(bool relu, const T* x, const T* residual, const T* mean, const T* scale, const T* shift, T* y,
                int64_t n, int64_t cols);

  // With dz = dy where the mask lets it through: sum[c] = Σ dz and dot[c] = Σ dz (x - mean[c]) over the rows. dz is
  // written unless it is null.
  void (*gradient_sums)(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, T* dz, int64_t rows,
                        int64_t stride, int64_t cols, double* sum, double* dot);

  // dx[i] = a[c] * dz[i] + (b[c] * (x[i] - mean[c]) + d[c]) for i < n, c = i % cols, with dz as above.
  void (*gradient)(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, const T* a, const T* b, const T* d,
                   T* dx, int64_t n, int64_t cols);
};

JUANJI_KERNEL_FAMILY(BatchNormTable, batch_norm)

}  // namespace juanji::kernels
