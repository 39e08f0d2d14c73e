// The forward pass of a convolution in the terms of the direct convolution.
#pragma once

#include "ops/direct_conv.hpp"
#include "ops/window.hpp"

namespace juanji {

// Everything but the data: x, images, y, bias and activation are left to the caller.
template <class T>
DirectConv<T> forward_conv(const WindowGeometry& g, int64_t channels, int64_t outputs, int64_t groups);

// Where the weights of each tap lie in w (KH, KW, C/G, OC).
WeightLayout forward_layout(const WindowGeometry& g, int64_t group_channels, int64_t outputs, int64_t groups);

}  // namespace juanji
