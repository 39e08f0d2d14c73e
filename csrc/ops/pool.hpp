// Max and average pooling, over sliding windows or whole images, and their gradients.
//
// Images are N,H,W,C, or N,W,C with a window of one row. Padding never takes part: a maximum or mean is that of the
// pixels inside the image, as in Keras on TensorFlow.
#pragma once

#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

struct PoolWindow {
  Window window;          // dilation is not used
  bool global = false;    // the window is the whole image; `window` is not used
  bool keepdims = false;  // of a global one: whether the output keeps its height and width of 1
};

struct PoolOperation : Operation {
  const char* base;  // "max_pool" or "average_pool"
  const char* suffix;
  PoolWindow pool;

  PoolOperation(const char* base_name, const char* name_suffix, const PoolWindow& p)
      : base(base_name),
        suffix(name_suffix),
        pool(p) {}
  std::string name() const override { return std::string(pool.global ? "global_" : "") + base + suffix; }
};

// x -> y[, argmax]. The argmax, the first largest position p*KW + q of each window, is uint8 for windows of at most 256
// positions and int32 above. NaN counts as larger than everything.
struct MaxPool : PoolOperation {
  bool argmax;

  MaxPool(const PoolWindow& p, bool keep_argmax) : PoolOperation("max_pool", "", p), argmax(keep_argmax) {}
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, argmax -> dx: dy goes to the position of the maximum. input_size is (H, W) of x, or (W,).
struct MaxPoolGradient : PoolOperation {
  Shape input_size;

  MaxPoolGradient(const PoolWindow& p, const Shape& size)
      : PoolOperation("max_pool", "_gradient", p),
        input_size(size) {}
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, argmax[, y] -> dz, db: what lies between max pooling and the convolution act(z + b) before it, in one pass. `y`
// is the pooled output: with it the activation is a relu, whose mask at a window's maximum is y > 0; without it there
// is none. db is the sum of dz over all but the last axis. The same bits as MaxPoolGradient, then
// BiasActivationGradient.
struct MaxPoolBiasGradient : PoolOperation {
  Shape input_size;

  MaxPoolBiasGradient(const PoolWindow& p, const Shape& size)
      : PoolOperation("max_pool", "_bias_gradient", p),
        input_size(size) {}
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x, argmax -> y: x at the given positions; the adjoint of MaxPoolGradient. Every position must lie inside the image,
// as those of MaxPool do.
struct MaxPoolTake : PoolOperation {
  explicit MaxPoolTake(const PoolWindow& p) : PoolOperation("max_pool", "_take", p) {}
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x -> y
struct AveragePool : PoolOperation {
  explicit AveragePool(const PoolWindow& p) : PoolOperation("average_pool", "", p) {}
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy -> dx. input_size is (H, W) of x, or (W,).
struct AveragePoolGradient : PoolOperation {
  Shape input_size;

  AveragePoolGradient(const PoolWindow& p, const Shape& size)
      : PoolOperation("average_pool", "_gradient", p),
        input_size(size) {}
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
