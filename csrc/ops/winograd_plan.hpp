// How a convolution by Winograd's method is cut up, and its steps on a block of tiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/buffer_pool.hpp"
#include "kernels/matrix.hpp"
#include "kernels/winograd.hpp"
#include "ops/cut.hpp"
#include "ops/direct_conv.hpp"
#include "ops/halo.hpp"

namespace juanji {

// Everything that depends on the shapes alone.
template <class T>
struct WinogradPlan {
  static constexpr int64_t kBlockBytes = 288 * 1024;  // of the matrices of a block, beside weights and pixels in L2
  static constexpr int64_t kMostElements = 96 * 16;   // of the tiles of a block, along one channel
  static constexpr int64_t kLeastTiles = 12;          // of a block: below, reading the weights would dominate
  static constexpr int64_t kPassBytes = 128;          // of the output channels computed at a time
  static constexpr int64_t kLineBytes = 64;

  const DirectConv<T>& conv;
  const kernels::MatrixTable<T>& matrix = kernels::matrix<T>();
  const kernels::WinogradTable<T>& transform;
  int64_t tile;  // output pixels along its side
  int64_t matrices;
  int64_t tile_rows;     // of an image
  int64_t tile_columns;  // of a row of tiles
  int64_t panels;
  int64_t pass_panels;  // multiplied at a time
  int64_t a_tile;       // elements of a tile in each of its matrices
  int64_t c_matrix;     // from a matrix of products to the next: those of a tile lie together
  int64_t c_tile;       // from one tile to the next
  int64_t block_tiles;  // tiles of which the matrices stay in L2

  WinogradPlan(const DirectConv<T>& c, int64_t tile);

  static int64_t bytes(int64_t elements) { return elements * static_cast<int64_t>(sizeof(T)); }
  static Buffer buffer(int64_t elements) { return Buffer(static_cast<size_t>(bytes(elements))); }

  int64_t rows() const { return conv.images * tile_rows; }
  int64_t tiles() const { return rows() * tile_columns; }
  double flop() const {  // of the products, in all three passes
    return 2.0 * static_cast<double>(matrices * tiles() * conv.channels * conv.y_channels);
  }
  int64_t most_tiles() const { return kMostElements / matrices; }
  int64_t pixels() const { return conv.pooled ? tile * tile / 4 : tile * tile; }  // of a tile in y

  // Matrices of tiles lie a line more than a power of two apart: their elements would share a few sets of the cache.
  int64_t a_matrix(int64_t count) const { return count * a_tile + kLineBytes / bytes(1); }
  int64_t weight_matrix() const { return conv.channels * matrix.panel; }  // one of a panel's matrices
  int64_t weights_size() const { return panels * matrices * weight_matrix(); }

  // Output channels of the panels [begin, end) of the tiles [first, first + count) are there.
  void report(int64_t first, int64_t count, int64_t begin, int64_t end) const;

  // G w Gᵀ of w (3, 3, channels, y_channels), as run_pass reads it.
  void transform_weights(const T* w, T* packed) const;
};

// Rows of tiles [begin, end) of all images, counted through: where each tile's pixels are read, and where they go.
template <class T>
class WinogradTiles {
 public:
  // `nowhere` takes the place of pixels that do not exist: y_channels elements, or null if they are pooled or to be
  // replaced later.
  WinogradTiles(const WinogradPlan<T>& plan, int64_t begin, int64_t end, T* nowhere);

  int64_t count() const { return static_cast<int64_t>(windows_.size()); }
  // Tiles [first, first + length) into matrices.
  void transform(const WinogradPlan<T>& plan, int64_t first, int64_t length, T* a, int64_t a_matrix) const;

  std::vector<T*> y;  // plan.pixels() of each tile, row by row

 private:
  std::vector<kernels::WinogradWindow> windows_;
};

// The products of a block of tiles and what follows them.
template <class T>
class WinogradProducts {
 public:
  WinogradProducts(const WinogradPlan<T>& plan, int64_t most_tiles);

  // Output channels of the panels [first, end), at most pass_panels of them, of the tiles whose matrices begin at a.
  void run(const T* a, int64_t a_matrix, const T* packed, T* const* y, int64_t tiles, int64_t first, int64_t end);

 private:
  void pool(T* const* y, int64_t tiles, int64_t column, int64_t columns) const;

  const WinogradPlan<T>& plan_;
  int64_t most_tiles_;
  Buffer c_;
  Buffer pixels_;  // pooled: a pass of a block before pooling, as rows of pixels
  std::vector<const T*> a_rows_;
  std::vector<T*> c_rows_;
  std::vector<T*> pixel_rows_;
};

}  // namespace juanji
