// Losses of probabilities, of one logit per element, and of real values, with gradients.
// Probabilities are clipped to [kClip, 1 - kClip] as Keras does; where clipping acts the gradient is zero.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

constexpr double kClip = 1e-7;

// p, y, x, dp, dx: (rows, classes), classes >= 1, or n elements; loss, dloss: (rows,), or n elements
template <class T>
struct LossesTable {
  // q = p / sum(p), clipped;  loss[r] = -sum over c of y log q, where 0 log q = 0
  void (*probabilities)(const T* p, const T* y, T* loss, int64_t rows, int64_t classes);
  void (*probabilities_gradient)(const T* p, const T* y, const T* dloss, T* dp, int64_t rows, int64_t classes);
  // q = p clipped;  loss[r] = log(sum(q)) - log q[label]
  void (*sparse)(const T* p, const int64_t* labels, T* loss, int64_t rows, int64_t classes);
  void (*sparse_gradient)(const T* p, const int64_t* labels, const T* dloss, T* dp, int64_t rows, int64_t classes);

  // q = p clipped;  loss = -y log q - (1 - y) log(1 - q)
  void (*binary)(const T* p, const T* y, T* loss, int64_t n);
  void (*binary_gradient)(const T* p, const T* y, const T* dloss, T* dp, int64_t n);
  // loss = max(x, 0) - x y + log(1 + exp(-|x|)), which is the above with p = sigmoid(x);  dx = (sigmoid(x) - y) dloss
  void (*binary_logits)(const T* x, const T* y, T* loss, int64_t n);
  void (*binary_logits_gradient)(const T* x, const T* y, const T* dloss, T* dx, int64_t n);

  // loss[r] = sum over c of (x - y)² / classes;  dx = 2 (x - y) dloss[r] / classes
  void (*squared_error)(const T* x, const T* y, T* loss, int64_t rows, int64_t classes);
  void (*squared_error_gradient)(const T* x, const T* y, const T* dloss, T* dx, int64_t rows, int64_t classes);
};

JUANJI_KERNEL_FAMILY(LossesTable, losses)

}  // namespace juanji::kernels
