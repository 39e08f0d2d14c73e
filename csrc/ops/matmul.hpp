// Matrix products as operations.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"

namespace juanji {

// (..., M, K) · (..., K, N) -> (..., M, N); leading dimensions are equal, or absent on one side. With transpose_a the
// first operand is stored (..., K, M), with transpose_b the second as (..., N, K).
struct Matmul : Operation {
  bool transpose_a = false;
  bool transpose_b = false;

  std::string name() const override { return "matmul"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // a, b
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x (..., in), w (in, out)[, b (out)] -> y (..., out) = act(x · w + b)
struct Dense : Operation {
  Activation activation = Activation::none;

  std::string name() const override { return "dense"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
