// Gathering the rows of a batch out of a data set.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// y[i] = (dtype)x[indices[i]] for rows x[j] of any shape, in one pass: no copy in the type of x.
// float32 and float64 can be made from every type, int32 and int64 from integers and booleans; otherwise dtype must be
// that of x.
struct TakeRows : Operation {
  DType dtype;

  explicit TakeRows(DType dtype) : dtype(dtype) {}
  std::string name() const override { return "take_rows"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x, indices (int64)
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
