// The median of the pixels of windows.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// x (N, H + height - 1, W + width - 1, C) -> y (N, H, W, C): the median of each window of each channel; the upper one
// where two are in the middle.
struct Median : Operation {
  int64_t height, width;

  Median(int64_t h, int64_t w) : height(h), width(w) {}
  std::string name() const override { return "median_filter"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
