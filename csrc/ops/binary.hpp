// Element-wise functions of two arrays, comparisons and selection, with NumPy's broadcasting.
#pragma once

#include "kernels/binary.hpp"
#include "ops/operation.hpp"

namespace juanji {

// y = f(a, b), f named by its kind
struct Binary : Operation {
  BinaryKind kind;

  explicit Binary(BinaryKind k) : kind(k) {}
  explicit Binary(const std::string& kind_name);  // throws std::invalid_argument for an unknown one
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // a, b
  size_t overwritten_input(size_t output, size_t) const override { return output; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = a < b and its like, as booleans, for every type
struct Comparison : Operation {
  ComparisonKind kind;

  explicit Comparison(ComparisonKind k) : kind(k) {}
  explicit Comparison(const std::string& kind_name);
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // a, b
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = condition ? a : b
struct Where : Operation {
  std::string name() const override { return "where"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // condition, a, b
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
