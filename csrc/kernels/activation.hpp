// Activations that a kernel can apply to a result before it leaves the registers.
#pragma once

namespace juanji {

enum class Activation : int { none, relu, relu6, sigmoid, tanh };
constexpr int kActivations = 5;

}  // namespace juanji
