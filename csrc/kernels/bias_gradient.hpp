// Behind a layer that ends in act(z + b): from y and dy the gradients of z and of b, in one pass over memory.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct BiasGradientTable {
  // dz[r][c] = act'(y[r][c]) · dy[r][c] and sum[c] = Σ_r dz[r][c] for `rows` rows of `channels`.
  // y and dz are not touched for Activation::none, whose dz is dy.
  void (*bias_gradient)(Activation activation, const T* y, const T* dy, T* dz, T* sum, int64_t rows, int64_t channels);
};

JUANJI_KERNEL_FAMILY(BiasGradientTable, bias_gradient)

}  // namespace juanji::kernels
