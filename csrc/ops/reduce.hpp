// Reductions over any axes: sum, product, mean, largest, smallest and their positions.
#pragma once

#include <vector>

#include "kernels/reduce.hpp"
#include "ops/operation.hpp"

namespace juanji {

// y = reduction of x over axes. The order of additions depends on the shape alone: blocks first, then the sums of
// blocks by the same rule, so that the rounding error grows with the logarithm of the number of elements.
struct Reduce : Operation {
  ReduceKind kind;
  bool mean = false;  // sum divided by the number of elements
  std::vector<int64_t> axes;
  bool keepdims;

  // kind_name is 'sum', 'prod', 'max', 'min' or 'mean'; axes count from 0, each once.
  Reduce(const std::string& kind_name, std::vector<int64_t> reduced_axes, bool keep_dimensions);
  std::string name() const override;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = int32 index of the first largest or smallest element along one axis, which disappears
struct ArgReduce : Operation {
  bool largest;
  int64_t axis;

  ArgReduce(const std::string& kind_name, int64_t reduced_axis);  // 'argmax' or 'argmin'
  std::string name() const override { return largest ? "argmax" : "argmin"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
