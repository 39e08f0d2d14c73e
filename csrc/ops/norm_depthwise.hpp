// A 3×3 depthwise convolution of normalised images, and the way back through it, for recorded training steps.
//
// What lies between the normalisation and the convolution is made image by image in L2 and never written to memory: the
// normalised input, and on the way back the gradient behind the normalisation of the output. The way back also sums
// what the gradient of the input's normalisation needs, while an image is in L2. The bits are those of BatchNorm,
// DepthwiseConv2D and their gradients: elements are computed by the same kernels, and sums are cut into the same parts.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

// x (N, H, W, C), gamma, beta, mean, variance (C), w (3, 3, C, 1)[, b (C)] -> y = depthwise_conv2d(norm(x), w) + b
// [, mean and variance of its channels, as Conv2DMoments has them]
struct NormDepthwise : Operation {
  Window window;
  double epsilon;
  Activation activation;  // behind the normalisation
  bool moments = false;

  NormDepthwise(const Window& window, double epsilon, Activation activation);
  std::string name() const override { return "norm_depthwise"; }
  // Whether the sums over x (N, H, W, C) are cut at images, and the kernel for w is one of those that go by rows.
  bool fits(const TensorSpec& x, const TensorSpec& w) const;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dz, y, gamma', beta', mean', variance' and sums' of the normalisation behind y (as BatchNormGradientSums has it), w,
// x, gamma, beta, mean, variance -> gradient of norm(x), dw, dgamma, dbeta, sums of the gradient of norm
struct NormDepthwiseGradient : Operation {
  NormDepthwise forward;
  double out_epsilon;
  Activation out_activation;

  NormDepthwiseGradient(const NormDepthwise& forward, double out_epsilon, Activation out_activation);
  std::string name() const override { return "norm_depthwise_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
