// Changing the tones of images by their histograms. Pixels are floats from 0 to 255; others count as the nearest of
// these, NaN as 0. Counts are whole numbers, so the order of counting does not matter.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// Histogram equalization: x (..., C) -> y of the same shape. The tones of each channel, counted over all images in
// `bins` bins, are spread such that each is as common as the others. A channel with one tone stays as it is.
struct Equalize : Operation {
  int64_t bins;

  explicit Equalize(int64_t bins);
  std::string name() const override { return "equalize"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Contrast limited adaptive histogram equalization (Zuiderveld, Graphics Gems IV, 1994): x (N, H, W, C) -> y of the
// same shape. Each channel of each image is cut into rows × cols tiles with 256 bins each, which hold at most
// clip_limit times their mean (0: no limit); a pixel's result is interpolated between the four nearest tiles.
struct Clahe : Operation {
  int64_t rows, cols;
  double clip_limit;

  Clahe(int64_t rows, int64_t cols, double clip_limit);
  std::string name() const override { return "clahe"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
