// Normalisation of rows that lie in memory one after the other, each by its own mean and deviation, and its gradient.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// x, y, dy, dx: (rows, n), n >= 1; gamma, beta, dgamma, dbeta: (n); mean, inverse: (rows). Without `centered` the mean
// counts as 0.
template <class T>
struct RowNormTable {
  // y = (x - mean) * inverse * gamma + beta with inverse = 1 / sqrt(variance + epsilon) of each row.
  void (*forward)(const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse, int64_t rows, int64_t n,
                  double epsilon, bool centered);

  // With u = (x - mean) * inverse: dx = inverse (gamma dy - Σ gamma dy / n [only if centered] - u Σ gamma dy u / n),
  // and over the rows dgamma += Σ dy u, dbeta += Σ dy.
  void (*gradient)(const T* dy, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx, T* dgamma, T* dbeta,
                   int64_t rows, int64_t n, bool centered);
};

JUANJI_KERNEL_FAMILY(RowNormTable, row_norm)

}  // namespace juanji::kernels
