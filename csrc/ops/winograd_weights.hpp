// The weight gradient of a 3×3 convolution by Winograd's method (kernels/winograd.hpp).
#pragma once

#include "ops/conv_weight_gradient.hpp"

namespace juanji {

// The tile to compute a weight gradient with (ops/winograd_choice.hpp), or 0: directly.
template <class T>
int64_t winograd_tile(const ConvWeightGradient<T>& conv);

// Runs a weight gradient with 3×3 taps, stride 1 and one group. A value that is infinite or NaN spreads over more than
// the weights it would reach by the definition: all taps of its channel.
template <class T>
void winograd_weight_gradient(const ConvWeightGradient<T>& conv, int64_t tile);

}  // namespace juanji
