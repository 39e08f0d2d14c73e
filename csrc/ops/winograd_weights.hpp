// The weight gradient of a 3×3 convolution by Winograd's method (kernels/winograd.hpp).
#pragma once

#include "ops/conv_weight_gradient.hpp"

namespace juanji {

// Whether to compute a weight gradient by this method; as winograd_chosen (ops/winograd.hpp) says of the other passes.
template <class T>
bool winograd_chosen(const ConvWeightGradient<T>& conv);

// Runs a weight gradient with 3×3 taps, stride 1 and one group. A value that is infinite or NaN spreads over more than
// the weights it would reach by the definition: all taps of its channel.
template <class T>
void winograd_weight_gradient(const ConvWeightGradient<T>& conv);

}  // namespace juanji
