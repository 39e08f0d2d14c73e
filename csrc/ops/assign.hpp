// Overwriting a variable inside a recorded step.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// (variable, value) -> (); both of one type and shape.
struct Assign : Operation {
  std::string name() const override { return "assign"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  std::vector<size_t> updated_inputs(size_t) const override { return {0}; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
