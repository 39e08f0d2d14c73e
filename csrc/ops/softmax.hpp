// Softmax and log-softmax over the last axis, with gradients from the output.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// y = exp(x - max x) / sum(exp(x - max x))
struct Softmax : Operation {
  std::string name() const override { return "softmax"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dx = y (dy - sum(dy y))
struct SoftmaxGradient : Operation {
  std::string name() const override { return "softmax_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // y, dy
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = x - max x - log(sum(exp(x - max x)))
struct LogSoftmax : Operation {
  std::string name() const override { return "log_softmax"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dx = dy - exp(y) sum(dy)
struct LogSoftmaxGradient : Operation {
  std::string name() const override { return "log_softmax_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // y, dy
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
