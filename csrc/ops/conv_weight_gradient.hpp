// The weight gradient of a convolution on raw memory.
#pragma once

#include <cstdint>

#include "ops/window.hpp"

namespace juanji {

//   dw[p, q, c, o] = sum over n, i, j of xpad[n, i*sh + p*dh, j*sw + q*dw, c] · dy[n, i, j, o]
template <class T>
struct ConvWeightGradient {
  const T* x = nullptr;   // (images, h, w, channels)
  const T* dy = nullptr;  // (images, oh, ow, outputs)
  T* dw = nullptr;        // (kh, kw, channels / groups, outputs)
  int64_t images = 0;
  int64_t channels = 0;
  int64_t outputs = 0;
  int64_t groups = 1;
  WindowGeometry g{};
};

template <class T>
void conv_weight_gradient(const ConvWeightGradient<T>& conv);

}  // namespace juanji
