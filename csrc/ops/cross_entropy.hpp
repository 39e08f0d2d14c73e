// Softmax and cross-entropy in one, from logits: outputs are the loss per row and the softmax, which the gradient
// needs.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// loss = -log softmax(x)[label]. Inputs: x (..., classes), labels (...) of int64. Outputs: loss (...), softmax.
// run() throws std::invalid_argument for a label outside 0 .. classes-1.
struct SparseCrossEntropy : Operation {
  std::string name() const override { return "sparse_categorical_crossentropy"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dx = (softmax - one_hot(labels)) dloss. Inputs: softmax, labels, dloss.
struct SparseCrossEntropyGradient : Operation {
  std::string name() const override { return "sparse_categorical_crossentropy_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// loss = -sum(labels log softmax(x)). Inputs: x (..., classes), labels of the same type and shape (one-hot or any
// weights). Outputs: loss (...), softmax.
struct CrossEntropy : Operation {
  std::string name() const override { return "categorical_crossentropy"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dx = (softmax sum(labels) - labels) dloss. Inputs: softmax, labels, dloss.
struct CrossEntropyGradient : Operation {
  std::string name() const override { return "categorical_crossentropy_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
