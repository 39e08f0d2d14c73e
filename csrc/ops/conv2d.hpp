// Two-dimensional convolution (cross-correlation, as everywhere in deep learning) and its gradients.
//
//   y[n, i, j, o] = act(b[o] + sum over p, q, c of xpad[n, i*sh + p*dh, j*sw + q*dw, c] · w[p, q, c, o])
//
// x (N, H, W, C), w (KH, KW, C/G, OC), b (OC), y (N, OH, OW, OC). With G groups, output channels
// o of group g see input channels g*C/G .. (g+1)*C/G - 1 only.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

// Attributes shared by the three passes. The kernel's size comes from the weights.
struct ConvAttributes {
  Window window;
  int64_t groups = 1;
};

// x, w[, b][, residual like y] -> y; the residual is added before the activation.
struct Conv2D : Operation {
  ConvAttributes attributes;
  Activation activation = Activation::none;
  bool residual = false;  // is among the inputs

  std::string name() const override { return "conv2d"; }
  size_t overwritten_input(size_t, size_t inputs) const override { return residual ? inputs - 1 : kNoInput; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
  bool saves_multiplications(const std::vector<TensorSpec>& inputs) const override;
  // Whether several pixels are computed as one (ops/pixel_groups), which pooled and packed convolutions do not do.
  bool groups_pixels(const std::vector<TensorSpec>& inputs) const;
};

// x, w[, b] -> y[, argmax]: the maxima of 2×2 windows of the convolution, as MaxPool with stride 2 and no padding would
// give them, without writing the convolution itself to memory. The argmax (uint8) is MaxPool's.
struct Conv2DMaxPool : Operation {
  Conv2D conv;
  bool argmax = false;

  std::string name() const override { return "conv2d_max_pool"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
  bool saves_multiplications(const std::vector<TensorSpec>& inputs) const override;
};

// dy, w -> dx (N, height, width, C)
struct Conv2DInputGradient : Operation {
  ConvAttributes attributes;
  int64_t height = 0;
  int64_t width = 0;

  std::string name() const override { return "conv2d_input_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
  bool saves_multiplications(const std::vector<TensorSpec>& inputs) const override;
};

// x, dy -> dw (kernel height, kernel width, C/G, OC)
struct Conv2DWeightGradient : Operation {
  ConvAttributes attributes;  // window.kernel is read here

  std::string name() const override { return "conv2d_weight_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  bool saves_multiplications(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
