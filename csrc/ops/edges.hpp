// Thin, connected edges of images.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// dy, dx, slope (N, H, W), thresholds (N or 1, 2) -> edges (N, H, W), boolean: the last steps of Canny, A computational
// approach to edge detection, 1986. A pixel is part of an edge when its slope is a maximum in its own direction and at
// least the first threshold, and such pixels lead to one of at least the second, by all eight neighbours.
struct Edges : Operation {
  std::string name() const override { return "canny"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
