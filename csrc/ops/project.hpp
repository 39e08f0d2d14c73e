// Images under projective transforms.
#pragma once

#include "kernels/sample.hpp"
#include "ops/operation.hpp"

namespace juanji {

// x (N, H, W, C), transforms (N or 1, 8) -> y (N, H, W, C): pixel (x, y) of the output is the input at
// ((a0 x + a1 y + a2) / k, (a3 x + a4 y + a5) / k), where k = a6 x + a7 y + 1.
struct Project : Operation {
  kernels::FillMode fill_mode;
  kernels::Sampling sampling;
  double fill_value;

  Project(kernels::FillMode f, kernels::Sampling s, double v) : fill_mode(f), sampling(s), fill_value(v) {}
  std::string name() const override { return "affine_transform"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, transforms -> dx; what meets in one pixel is added row by row.
struct ProjectGradient : Operation {
  kernels::FillMode fill_mode;
  kernels::Sampling sampling;

  ProjectGradient(kernels::FillMode f, kernels::Sampling s) : fill_mode(f), sampling(s) {}
  std::string name() const override { return "affine_transform_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
