// Which 3×3 convolutions are computed by Winograd's method, and with which tile.
#pragma once

#include <cstdint>

namespace juanji {

// JUANJI_WINOGRAD, read once: 0 is off; 1, 2 and 4 are wherever the method fits, with the better tile, 2×2 or 4×4;
// unset or empty is where it pays. Throws std::invalid_argument for anything else.
enum class WinogradUse : uint8_t { off, where_it_fits, tiles_of_2, tiles_of_4, where_it_pays };
WinogradUse winograd_use();

constexpr int64_t kWinogradChannels = 16;  // the fewest of input and output for which the method fits

// A 3×3 convolution with stride 1 in any of its three passes.
struct WinogradShape {
  int64_t images, rows, columns;  // of the output, or of dy
  int64_t channels, outputs;
  int element_bytes;
  bool packed = false;  // the weights are transformed beforehand
  bool fits_2 = true;   // the matrices of a block of tiles of this size stay in L2
  bool fits_4 = true;
};

// 2 or 4, or 0 for direct convolution.
int64_t winograd_tile(const WinogradShape& shape);

}  // namespace juanji
