// Histograms of the directions in which brightness changes, cell by cell.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// x (N, H, W, C) -> y (N, H / cell_height, W / cell_width, orientations): Dalal and Triggs, Histograms of oriented
// gradients for human detection, 2005, before blocks are normalised. A cell is a whole number of pixels; rows and
// columns that fill none are left out.
struct GradientHistogram : Operation {
  int64_t orientations, cell_height, cell_width;

  GradientHistogram(int64_t o, int64_t h, int64_t w) : orientations(o), cell_height(h), cell_width(w) {}
  std::string name() const override { return "hog"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
