// The transforms of Winograd's convolution (Lavin and Gray 2015, "Fast algorithms for convolutional neural networks",
// arXiv:1509.09308): a tile of m×m output pixels Y from n×n input pixels d, n = m + 2, and 3×3 weights g,
//
//   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// With channels the product ⊙ becomes n² matrix products (tiles × C) · (C × OC), one for each element of a tile;
// elements are counted row by row. The gradient of the weights is that of the same formula, summed over tiles and
// images before it is transformed back:
//
//   dg = Gᵀ [ sum (A dY Aᵀ) ⊙ (Bᵀ d B) ] G
//
// F(2×2, 3×3), where 16 multiplications do the work of 36:
//
//        | 1  0 -1  0 |       |  1    0    0  |
//   Bᵀ = | 0  1  1  0 |   G = | 1/2  1/2  1/2 |   Aᵀ = | 1  1  1  0 |
//        | 0 -1  1  0 |       | 1/2 -1/2  1/2 |        | 0  1 -1 -1 |
//        | 0  1  0 -1 |       |  0    0    1  |
//
// F(4×4, 3×3), where 36 do the work of 144, interpolates at 0, ±a, ±b and infinity. a = 1/√2 and b = √2 have a small
// rounding error (a tenth of that at 1 and 2, which are the usual points; see Barabasz et al. 2020, "Error analysis
// and improving the accuracy of Winograd convolution for deep neural networks") and powers of two for squares:
//
//        | 1   0  -5/2  0   1  0 |       |   1     0    0  |
//        | 0 -2a   -2   a   1  0 |       | -2/3 -2a/3 -1/3 |        | 1 1  1  1  1  0 |
//   Bᵀ = | 0  2a   -2  -a   1  0 |   G = | -2/3  2a/3 -1/3 |   Aᵀ = | 0 a -a  b -b  0 |
//        | 0 -b/2 -1/2  b   1  0 |       |  1/6  b/6   1/3 |        | 0 a²  a²  b²  b² 0 |
//        | 0  b/2 -1/2 -b   1  0 |       |  1/6 -b/6   1/3 |        | 0 a³ -a³  b³ -b³ 1 |
//        | 0   1    0 -5/2  0  1 |       |   0     0    1  |
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// The n×n pixels of a tile. Those of them that lie outside of the image are zero.
struct WinogradWindow {
  int64_t first;        // element of x where the first pixel lies or would lie
  int32_t top, bottom;  // its rows [top, bottom) exist,
  int32_t left, right;  // and of those the pixels [left, right)
};

// Bᵀ d B of each tile and channel.
template <class T>
struct WinogradInput {
  const T* x;
  const WinogradWindow* windows;  // [tiles]
  int64_t row_step;               // elements from one row of pixels to the next
  int64_t pixel_step;
  int64_t channels;
  int64_t tiles;
  T* a;  // element m of tile t and channel c goes to a[m * matrix_step + t * tile_step + c]
  int64_t matrix_step;
  int64_t tile_step;  // whole vectors are stored: channels rounded up to them, or more
};

// act(Aᵀ c A + bias [+ y]) of each tile and channel.
template <class T>
struct WinogradOutput {
  const T* c;  // element m of tile t and channel o at c[m * matrix_step + t * tile_step + o]
  int64_t matrix_step;
  int64_t tile_step;
  int64_t tiles;
  int64_t channels;
  T* const* y;      // [m * m * tiles] the pixels of each tile, row by row
  int64_t y_shift;  // added to all of them
  const T* bias;    // [channels], or null
  Activation activation;
  bool add = false;  // what y holds
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
  const T* const* dy;  // [m * m * tiles] pixels as in WinogradOutput
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
  int64_t tile;      // m
  int64_t matrices;  // n * n

  void (*input)(const WinogradInput<T>& p);
  void (*output)(const WinogradOutput<T>& p);
  void (*weights)(const WinogradWeights<T>& p);
  void (*output_gradient)(const WinogradOutputGradient<T>& p);
  void (*weight_gradient)(const WinogradWeightGradient<T>& p);
};

JUANJI_KERNEL_FAMILY(WinogradTable, winograd_2x2)
JUANJI_KERNEL_FAMILY(WinogradTable, winograd_4x4)

}  // namespace juanji::kernels
