// Winograd's convolution F(2×2, 3×3) (kernels/winograd.hpp): an experiment, off unless JUANJI_WINOGRAD=1.
#pragma once

#include "ops/direct_conv.hpp"

namespace juanji {

// JUANJI_WINOGRAD, read once: 1 is on; 0, empty or unset is off. Throws std::invalid_argument for anything else.
bool winograd_enabled();

// Whether the method fits: a forward pass with 3×3 taps, stride 1, one group, and channels enough that the
// transforms are small beside the products, but few enough that the matrices of a block of tiles stay in L2.
template <class T>
bool winograd_serves(const DirectConv<T>& conv);

// Runs a convolution that winograd_serves; w is (3, 3, channels, y_channels). Values that are infinite or NaN spread
// over the tile of 2×2 output pixels that sees them.
template <class T>
void winograd_conv(const DirectConv<T>& conv, const T* w);

}  // namespace juanji
