// Depthwise convolution: every input channel is convolved with M kernels of its own (its "multiplier").
//
//   y[n, i, j, c*M + m] = act(b[c*M + m] + sum over p, q of xpad[n, i*sh + p*dh, j*sw + q*dw, c] · w[p, q, c, m])
//
// x (N, H, W, C), w (KH, KW, C, M), b (C·M), y (N, OH, OW, C·M). With M > 1 the input's channels are
// repeated M times first.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

// x, w[, b] -> y. The kernel's size comes from the weights.
struct DepthwiseConv2D : Operation {
  Window window;
  Activation activation = Activation::none;

  std::string name() const override { return "depthwise_conv2d"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, w -> dx (N, height, width, C)
struct DepthwiseConv2DInputGradient : Operation {
  Window window;
  int64_t height = 0;
  int64_t width = 0;

  std::string name() const override { return "depthwise_conv2d_input_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x, dy -> dw (kernel height, kernel width, C, M)
struct DepthwiseConv2DWeightGradient : Operation {
  Window window;  // its kernel is read here

  std::string name() const override { return "depthwise_conv2d_weight_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
