// Functions that weigh x by a share of it between 0 and 1, and their derivatives ("slope"), of every lane of a vector.
//
// silu: x sigmoid(x). gelu: x times the normal distribution function; gelu_tanh: its approximation by tanh.
// Source: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016 (arXiv:1606.08415).
#pragma once

#include "simd/erf.hpp"
#include "simd/math.hpp"
#include "simd/tanh.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class V>
JUANJI_INLINE V silu(V x) {
  return x * sigmoid(x);
}

template <class V>
JUANJI_INLINE V silu_slope(V x) {
  using T = Lane<V>;
  const V share = sigmoid(x);
  return share * (T{1} + x * (T{1} - share));
}

template <class V>
JUANJI_INLINE V normal_distribution(V x) {
  using T = Lane<V>;
  return (erf(x * static_cast<T>(0.70710678118654752440)) + T{1}) * T{0.5};
}

template <class V>
JUANJI_INLINE V gelu(V x) {
  return x * normal_distribution(x);
}

template <class V>
JUANJI_INLINE V gelu_slope(V x) {
  using T = Lane<V>;
  const V density = exp(x * x * T{-0.5}) * static_cast<T>(0.39894228040143267794);
  return normal_distribution(x) + x * density;
}

// tanh(sqrt(2 / pi) (x + 0.044715 x^3)) and the derivative of its argument
template <class V>
struct TanhGate {
  V value;
  V argument_slope;
};

template <class V>
JUANJI_INLINE TanhGate<V> tanh_gate(V x) {
  using T = Lane<V>;
  const T scale = static_cast<T>(0.79788456080286535588);
  // far beyond where tanh is one; no infinity meets a zero then
  const V z = min(broadcast(T{100}), x * x * static_cast<T>(0.044715));
  return {tanh(x * (z + T{1}) * scale), (z * T{3} + T{1}) * scale};
}

template <class V>
JUANJI_INLINE V gelu_tanh(V x) {
  using T = Lane<V>;
  return x * T{0.5} * (tanh_gate(x).value + T{1});
}

template <class V>
JUANJI_INLINE V gelu_tanh_slope(V x) {
  using T = Lane<V>;
  const TanhGate<V> gate = tanh_gate(x);
  const V outer = T{1} - gate.value * gate.value;
  return (gate.value + T{1} + x * outer * gate.argument_slope) * T{0.5};
}

}  // namespace juanji::kernels::JUANJI_ISA
