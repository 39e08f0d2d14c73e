// The forward pass of a convolution in the terms of the direct convolution.
#pragma once

#include "ops/conv2d.hpp"
#include "ops/direct_conv.hpp"
#include "ops/window.hpp"

namespace juanji {

// Where the results go: y, or with `pooled` its 2×2 maxima; who is told of them.
struct ForwardResults {
  Tensor y;
  bool pooled = false;
  uint8_t* argmax = nullptr;
  const FunctionRef<void(int64_t image, int64_t elements)>* finished = nullptr;
};

// Runs a convolution of x, w[, b][, residual], directly or by Winograd's method.
void run_forward(const Conv2D& op, const std::vector<Tensor>& inputs, const ForwardResults& results);

// A residual is of y's type and shape.
void check_residual(const Operation& op, const TensorSpec& residual, const TensorSpec& y);

// Lets y begin as the residual, for DirectConv::add; nothing is to be done where it lies there already.
void begin_with(const Tensor& residual, const Tensor& y);

// Everything but the data: x, images, y, bias and activation are left to the caller.
template <class T>
DirectConv<T> forward_conv(const WindowGeometry& g, int64_t channels, int64_t outputs, int64_t groups);

// Where the weights of each tap lie in w (KH, KW, C/G, OC).
WeightLayout forward_layout(const WindowGeometry& g, int64_t group_channels, int64_t outputs, int64_t groups);

}  // namespace juanji
