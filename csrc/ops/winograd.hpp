// Winograd's convolution F(2×2, 3×3) (kernels/winograd.hpp).
#pragma once

#include "ops/direct_conv.hpp"

namespace juanji {

// JUANJI_WINOGRAD, read once: 0 is off, 1 is wherever the method fits, unset or empty is where it pays as well. Throws
// std::invalid_argument for anything else.
enum class WinogradUse : uint8_t { off, where_it_pays, where_it_fits };
WinogradUse winograd_use();

constexpr int64_t kWinogradChannels = 16;  // the fewest of input and output for which the method fits

// Whether the method is wanted for so many channels (the fewer of input and output) and tiles of 2×2 pixels: where it
// pays, by default in float32 with channels enough, and tiles enough to make up for the transform of the weights; if
// that is done beforehand, a few.
template <class T>
bool winograd_wanted(int64_t channels, int64_t tiles, bool packed = false);

// Whether the method fits: a forward pass with 3×3 taps, stride 1, one group, and channels enough that the
// transforms are small beside the products, but few enough that the matrices of a block of tiles stay in L2.
template <class T>
bool winograd_serves(const DirectConv<T>& conv);

// Whether to compute a convolution by this method: it fits and is wanted. With weights transformed beforehand it
// pays for fewer tiles.
template <class T>
bool winograd_chosen(const DirectConv<T>& conv, bool packed = false);

// Runs a convolution that winograd_serves; w is (3, 3, channels, y_channels). Values that are infinite or NaN spread
// over the tile of 2×2 output pixels that sees them.
template <class T>
void winograd_conv(const DirectConv<T>& conv, const T* w);

// The same in two steps: weights are transformed once, into so many elements, and used with any input.
template <class T>
int64_t winograd_weights_size(const DirectConv<T>& conv);
template <class T>
void winograd_pack(const DirectConv<T>& conv, const T* w, T* packed);
template <class T>
void winograd_conv_packed(const DirectConv<T>& conv, const T* packed);

}  // namespace juanji
