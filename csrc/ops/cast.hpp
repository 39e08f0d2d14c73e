// Conversion of elements to another type.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// y[i] = (dtype)x[i], between all types. Floats become integers by truncation, anything but 0 becomes true.
struct Cast : Operation {
  DType dtype;

  explicit Cast(DType dtype) : dtype(dtype) {}
  std::string name() const override { return "cast"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
