// Losses of probabilities, of one logit per element, and of real values, with gradients. kernels/losses.hpp has the
// formulas. Losses over the last axis give one value per row; binary ones give one per element.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// Inputs: p (..., classes), labels of the same type and shape. Output: loss (...).
struct ProbabilityCrossEntropy : Operation {
  std::string name() const override { return "categorical_crossentropy"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: p, labels, dloss. Output: dp.
struct ProbabilityCrossEntropyGradient : Operation {
  std::string name() const override { return "categorical_crossentropy_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: p (..., classes), labels (...) of int64. Output: loss (...). run() throws for a label that is no class.
struct SparseProbabilityCrossEntropy : Operation {
  std::string name() const override { return "sparse_categorical_crossentropy"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: p, labels, dloss. Output: dp.
struct SparseProbabilityCrossEntropyGradient : Operation {
  std::string name() const override { return "sparse_categorical_crossentropy_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: p, or logits, and targets of the same type and shape. Output: loss, of that shape.
struct BinaryCrossEntropy : Operation {
  bool from_logits;

  explicit BinaryCrossEntropy(bool from_logits) : from_logits(from_logits) {}
  std::string name() const override { return "binary_crossentropy"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: p, or logits, targets, dloss. Output: the gradient of the first.
struct BinaryCrossEntropyGradient : Operation {
  bool from_logits;

  explicit BinaryCrossEntropyGradient(bool from_logits) : from_logits(from_logits) {}
  std::string name() const override { return "binary_crossentropy_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: x, y of the same type and shape (..., features). Output: mean over the last axis of (x - y)².
struct MeanSquaredError : Operation {
  std::string name() const override { return "mean_squared_error"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Inputs: x, y, dloss. Output: dx; dy is its negative.
struct MeanSquaredErrorGradient : Operation {
  std::string name() const override { return "mean_squared_error_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
