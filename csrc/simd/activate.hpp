// An activation and its derivative on a vector in registers.
#pragma once

#include "kernels/activation.hpp"
#include "simd/math.hpp"
#include "simd/tanh.hpp"

namespace juanji::kernels::JUANJI_ISA {

// The activation is the same for a whole loop: pass a constant where speed matters, so that the switch disappears.
template <class T>
JUANJI_INLINE Vec<T> activate(Activation activation, Vec<T> x) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return max(zero<T>(), x);
    case Activation::relu6: return min(broadcast(T{6}), max(zero<T>(), x));
    case Activation::sigmoid: return sigmoid(x);
    case Activation::tanh: return tanh(x);
  }
  return x;
}

// dx from the output y = activate(x) and dy; every activation here is one whose derivative y determines.
template <class T>
JUANJI_INLINE Vec<T> activation_gradient(Activation activation, Vec<T> y, Vec<T> dy) {
  switch (activation) {
    case Activation::none: return dy;
    case Activation::relu: return y > zero<T>() ? dy : zero<T>();
    case Activation::relu6: return y > zero<T>() ? (y < broadcast(T{6}) ? dy : zero<T>()) : zero<T>();
    case Activation::sigmoid: return dy * (y * (T{1} - y));
    case Activation::tanh: return dy * (T{1} - y * y);
  }
  return dy;
}

}  // namespace juanji::kernels::JUANJI_ISA
