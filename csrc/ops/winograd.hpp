// Convolution by Winograd's method (kernels/winograd.hpp), with tiles of 2×2 or 4×4 output pixels.
#pragma once

#include "ops/direct_conv.hpp"

namespace juanji {

// Whether the method fits: a forward pass with 3×3 taps, stride 1, one group, and channels enough that the
// transforms are small beside the products, but few enough that the matrices of a block of tiles stay in L2.
template <class T>
bool winograd_serves(const DirectConv<T>& conv, int64_t tile);

// The tile to compute a convolution with (ops/winograd_choice.hpp), or 0: directly.
template <class T>
int64_t winograd_tile(const DirectConv<T>& conv, bool packed = false);

// Runs a convolution that winograd_serves; w is (3, 3, channels, y_channels). Values that are infinite or NaN spread
// over the tile of output pixels that sees them.
template <class T>
void winograd_conv(const DirectConv<T>& conv, int64_t tile, const T* w);

// The same in two steps: weights are transformed once, into so many elements, and used with any input.
template <class T>
int64_t winograd_weights_size(const DirectConv<T>& conv, int64_t tile);
template <class T>
void winograd_pack(const DirectConv<T>& conv, int64_t tile, const T* w, T* packed);
template <class T>
void winograd_conv_packed(const DirectConv<T>& conv, int64_t tile, const T* packed);

}  // namespace juanji
