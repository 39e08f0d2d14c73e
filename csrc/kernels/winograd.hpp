// The transforms of Winograd's convolution F(2×2, 3×3) (Lavin and Gray 2015, "Fast algorithms for convolutional neural
// networks", arXiv:1509.09308): a tile of 2×2 output pixels Y from 4×4 input pixels d and 3×3 weights g,
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
//        | 1  0 -1  0 |       |  1    0    0  |
//   Bᵀ = | 0  1  1  0 |   G = | 1/2  1/2  1/2 |   Aᵀ = | 1  1  1  0 |
//        | 0 -1  1  0 |       | 1/2 -1/2  1/2 |        | 0  1 -1 -1 |
//        | 0  1  0 -1 |       |  0    0    1  |
//
// With channels the product ⊙ becomes 16 matrix products (tiles × C) · (C × OC), one for each element of a 4×4 tile;
// elements are counted row by row. 16 multiplications do the work of 36.
//
// The gradient of the weights is that of the same formula, summed over tiles and images before it is transformed back:
//
//   dg = Gᵀ [ sum (A dY Aᵀ) ⊙ (Bᵀ d B) ] G
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

constexpr int kWinogradMatrices = 16;

// Bᵀ d B of each tile and channel.
template <class T>
struct WinogradInput {
  const T* const* x;  // [tiles] the first of the 4×4 pixels
  int64_t row_step;   // elements from one row of pixels to the next
  int64_t pixel_step;
  int64_t channels;
  int64_t tiles;
  T* a;  // element m of tile t and channel c goes to a[m * matrix_step + t * tile_step + c]
  int64_t matrix_step;
  int64_t tile_step;  // whole vectors are stored: channels rounded up to them, or more
};

// act(Aᵀ c A + bias) of each tile and channel.
template <class T>
struct WinogradOutput {
  const T* c;  // element m of tile t and channel o at c[m * matrix_step + t * tile_step + o]
  int64_t matrix_step;
  int64_t tile_step;
  int64_t tiles;
  int64_t channels;
  T* const* y;      // [4 * tiles] pixels (0, 0), (0, 1), (1, 0), (1, 1) of each tile
  int64_t y_shift;  // added to all of them
  const T* bias;    // [channels], or null
  Activation activation;
};

// G g Gᵀ of each input channel and of the columns of a panel, in the order in which MatrixTable::multiply_rows reads
// them; columns that do not exist become zeros.
template <class T>
struct WinogradWeights {
  const T* w;  // tap (p, q), input channel c, column o at w[(3 * p + q) * tap_step + c * channel_step + o]
  int64_t tap_step;
  int64_t channel_step;
  int64_t channels;
  int64_t columns;  // at most MatrixTable::panel
  T* packed;        // element m at packed[m * matrix_step + c * panel + o]
  int64_t matrix_step;
};

// A dY Aᵀ of each tile and channel.
template <class T>
struct WinogradOutputGradient {
  const T* const* dy;  // [4 * tiles] pixels as in WinogradOutput
  int64_t dy_shift;    // added to all of them
  int64_t channels;
  int64_t tiles;
  T* d;  // as WinogradInput::a
  int64_t matrix_step;
  int64_t tile_step;
};

// Gᵀ s G of each input channel and column.
template <class T>
struct WinogradWeightGradient {
  const T* s;  // element m of input channel c and column o at s[m * matrix_step + c * row_step + o]
  int64_t matrix_step;
  int64_t row_step;
  int64_t channels;
  int64_t columns;
  T* dw;  // as WinogradWeights::w
  int64_t tap_step;
  int64_t channel_step;
};

template <class T>
struct WinogradTable {
  void (*input)(const WinogradInput<T>& p);
  void (*output)(const WinogradOutput<T>& p);
  void (*weights)(const WinogradWeights<T>& p);
  void (*output_gradient)(const WinogradOutputGradient<T>& p);
  void (*weight_gradient)(const WinogradWeightGradient<T>& p);
};

JUANJI_KERNEL_FAMILY(WinogradTable, winograd)

}  // namespace juanji::kernels
