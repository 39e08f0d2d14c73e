// The gradient behind act(z + b): the activation's derivative and the bias's sum in one pass.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"

namespace juanji {

// y, dy (..., C) -> dz (..., C), db (C): dz = act'(y) · dy, db = the sum of dz over all but the last axis.
// Without an activation: dy -> db alone, since dz is dy.
struct BiasActivationGradient : Operation {
  Activation activation = Activation::none;

  std::string name() const override { return "bias_activation_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t output, size_t inputs) const override {
    return output == 0 && inputs == 2 ? 1 : kNoInput;  // dz on dy
  }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
