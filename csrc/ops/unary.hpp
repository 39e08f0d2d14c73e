// Element-wise functions of one array and the gradients of activations.
#pragma once

#include "kernels/unary.hpp"
#include "ops/operation.hpp"

namespace juanji {

// y = f(x), f named by its kind
struct Unary : Operation {
  UnaryKind kind;

  explicit Unary(UnaryKind k) : kind(k) {}
  explicit Unary(const std::string& kind_name);  // throws std::invalid_argument for an unknown one
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  size_t overwritten_input(size_t output, size_t) const override { return output; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dx = dy * f'(x) of an activation f, from its output y
struct ActivationGradient : Operation {
  Activation activation;

  explicit ActivationGradient(Activation a) : activation(a) {}
  explicit ActivationGradient(const std::string& activation_name);
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // y, dy
  size_t overwritten_input(size_t, size_t) const override { return 1; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

const char* activation_name(Activation activation);  // "none", "relu", ...

// The activation of that name; throws std::invalid_argument naming `who`.
Activation activation_from_name(const std::string& who, const std::string& name);

}  // namespace juanji
