// A depthwise convolution and the 1×1 convolution behind it in one pass over memory, for predictions.
//
// A task makes the rows it needs of the depthwise result in L2 and multiplies them there. The numbers are those of
// DepthwiseConv2D and Conv2DPacked, bit for bit.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

// x (N, H, W, C), w (KH, KW, C, 1), packed (PackConv2D of (1, 1, C, OC))[, bias of the depthwise convolution (C)]
// [, bias (OC)][, residual like y] -> y (N, OH, OW, OC); the residual is added before the activation.
struct DepthwisePointwise : Operation {
  Window window;
  Activation depthwise_activation = Activation::none;
  bool depthwise_bias = false;  // is among the inputs
  int64_t filters = 0;          // OC
  Activation activation = Activation::none;
  bool bias = false;
  bool residual = false;

  std::string name() const override { return "depthwise_pointwise"; }
  size_t overwritten_input(size_t, size_t inputs) const override { return residual ? inputs - 1 : kNoInput; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;

  // Whether every row of the depthwise result is made once only. With few pixels tasks share out the filters too, and
  // each of them makes the rows again: then two operations are faster.
  bool makes_rows_once(const std::vector<TensorSpec>& inputs) const;
};

}  // namespace juanji
