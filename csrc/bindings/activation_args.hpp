// The name of a fused activation as Python passes it.
#pragma once

#include <string>

#include "core/check.hpp"
#include "kernels/activation.hpp"

namespace juanji::bindings {

inline Activation read_activation(const std::string& op, const std::string& name) {
  if (name == "none") return Activation::none;
  if (name == "relu") return Activation::relu;
  if (name == "relu6") return Activation::relu6;
  if (name == "sigmoid") return Activation::sigmoid;
  if (name == "tanh") return Activation::tanh;
  fail(op, "not an activation that can be fused", "'none', 'relu', 'relu6', 'sigmoid' or 'tanh'", "activation", name,
       "Apply it as an operation of its own.");
}

}  // namespace juanji::bindings
