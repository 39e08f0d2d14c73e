// Weighted sums along one axis of an array.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// x (..., sources, ...) -> y (..., outputs, ...): output o is the sum of weight[j] · x[source[j]] for
// first[o] <= j < first[o + 1]. The gradient is the same operation with its sums transposed.
struct Resample : Operation {
  int64_t axis, sources;
  std::vector<int64_t> first, source;
  std::vector<double> weight;

  // Throws std::invalid_argument where the numbers do not fit each other.
  Resample(int64_t axis, int64_t sources, std::vector<int64_t> first, std::vector<int64_t> source,
           std::vector<double> weight);
  std::string name() const override { return "resample"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;

 private:
  std::vector<float> weight32_;
};

}  // namespace juanji
