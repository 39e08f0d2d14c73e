// NumPy's broadcasting: the shape of the result, and a walk over it in rectangles that kernels can work on.
#pragma once

#include <vector>

#include "core/function_ref.hpp"
#include "ops/operation.hpp"

namespace juanji {

// Shapes are aligned at the end; in each dimension the sizes are equal or 1. Throws std::invalid_argument otherwise.
Shape broadcast_shape(const Operation& op, const std::vector<TensorSpec>& inputs);

constexpr size_t kMaxOperands = 3;

// `rows` by `cols` elements of the result, dense in memory from element `output` on. Operand k's element (r, c) is
// number offset[k] + r * row_stride[k] + c * step[k], where step is 0 or 1.
struct BroadcastBlock {
  int64_t output;
  int64_t rows;
  int64_t cols;
  int64_t offset[kMaxOperands];
  int64_t row_stride[kMaxOperands];
  int64_t step[kMaxOperands];
};

// Covers the result by blocks, in parallel; dimensions that need not be told apart are merged first, so that arrays
// of one shape are a single row and a bias is one row of many. `cost` is that of one element in nanoseconds.
void for_each_block(const std::vector<Tensor>& inputs, const Shape& output, double cost,
                    FunctionRef<void(const BroadcastBlock&)> body);

}  // namespace juanji
