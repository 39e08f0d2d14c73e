// Activations that bend, with parameters: y = f(x) and dx = dy * f'(x).
#pragma once

#include "kernels/piecewise.hpp"
#include "ops/operation.hpp"

namespace juanji {

// x -> y
struct Piecewise : Operation {
  PiecewiseKind kind;
  double p, q;  // see simd/piecewise.hpp

  Piecewise(const std::string& kind_name, double p_, double q_);  // throws std::invalid_argument for an unknown kind
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t output, size_t) const override { return output; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// (x, dy) -> dx
struct PiecewiseGradient : Operation {
  PiecewiseKind kind;
  double p, q;

  PiecewiseGradient(const std::string& kind_name, double p_, double q_);
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t, size_t) const override { return 1; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
