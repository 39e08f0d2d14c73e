// Element-wise functions of one array and their gradients.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// y = max(0, x)
struct Relu : Operation {
  std::string name() const override { return "relu"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dx = dy where y > 0, else 0
struct ReluGradient : Operation {
  std::string name() const override { return "relu_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // y, dy
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
