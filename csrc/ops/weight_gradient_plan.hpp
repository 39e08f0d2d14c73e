// How a convolution's weight gradient is cut up: everything that follows from the shapes alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/matrix.hpp"
#include "ops/conv_weight_gradient.hpp"
#include "ops/halo.hpp"

namespace juanji {

// How a walk finds the input under its output pixels.
enum class InputForm {
  in_place,     // wide rows of few channels: read where they are, one run of the kernel per row
  shifted,      // copied once per kernel column q, shifted by q and padded to the width of the output: pixels of
                // successive rows follow each other in one long run
  overlapping,  // very few channels: copied once with a halo; the KW·C elements under a kernel row are contiguous, so
                // that all q share a tile
};

// Channels [channel, channel + channels) of x at the kernel columns [q, q + columns).
struct Slice {
  int64_t q;
  int64_t columns;
  int64_t channel;
  int64_t channels;

  int64_t width() const { return columns * channels; }
};

// A part of dw: the rows of some slices at every kernel row, times some columns.
struct Block {
  size_t first_slice;
  size_t end_slice;
  int64_t group;
  int64_t column;  // of dw
  int64_t columns;
};

// The output pixels are walked over a few image rows, or a few images, at a time (see walk_parts); a chunk is several
// walks. A task adds up one block over one chunk.
template <class T>
struct WeightGradientPlan {
  explicit WeightGradientPlan(const ConvWeightGradient<T>& conv);

  const ConvWeightGradient<T>& conv;
  const WindowGeometry& g;
  const kernels::MatrixTable<T>& kernel;
  int64_t group_channels;
  int64_t group_outputs;
  int64_t dw_size;
  InputForm form;
  bool packed;  // dy is copied into panels
  std::vector<Slice> slices;
  std::vector<Block> blocks;
  int64_t walk_images = 1;  // whole images of a walk
  int64_t walk_rows = 1;    // output rows of a walk in each of its images
  int64_t image_walks = 1;  // walks over one image, where walk_images is 1
  int64_t walks = 0;
  int64_t chunk_walks = 1;
  int64_t chunks = 1;

  std::vector<Part> walk_parts(int64_t walk) const;  // output rows of each image
  int64_t walk_pixels() const { return walk_images * walk_rows * g.ow; }

  bool copied_as_panel(const Slice& slice) const;  // in the shifted form

  // Elements of x or its copy from one output pixel to the next, and from one row to the next.
  int64_t pixel_step(const Slice& slice) const;
  int64_t row_step(const Slice& slice) const;

  // Output columns [begin, end) at which kernel column q sees the input and not padding.
  void inside(int64_t q, int64_t& begin, int64_t& end) const;

 private:
  bool pointwise() const { return g.kh * g.kw == 1; }
  InputForm choose_form() const;
  bool choose_packed() const;
  int64_t find_slices();  // how many channel parts a group has
  void find_blocks(int64_t parts);
  void cut_walks();
  void cut_chunks();
};

}  // namespace juanji
