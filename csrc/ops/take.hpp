// Slices of an array by their numbers, and sums of slices back where they came from.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// x (..., size, ...), indices (int64, any shape) -> y: x with the axis replaced by the shape of the indices.
// Negative indices count from the end; run() throws std::invalid_argument for others out of range.
struct Take : Operation {
  int64_t axis;

  explicit Take(int64_t axis) : axis(axis) {}
  std::string name() const override { return "take"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, indices -> dx of `size` along the axis: each slice of dy added where it was taken, in the order of the indices.
struct TakeGradient : Operation {
  int64_t axis;
  int64_t size;

  TakeGradient(int64_t axis, int64_t size) : axis(axis), size(size) {}
  std::string name() const override { return "take_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
