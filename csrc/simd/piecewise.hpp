// Activations that bend once or twice, and their derivatives ("slope"), of every lane of a vector. p and q are their
// parameters. At a bend the slope is that of the side towards zero and below, as in TensorFlow; a NaN stays one.
#pragma once

#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {

// min(max(x, 0), p)
template <class V>
JUANJI_INLINE V clipped_relu(V x, V p, V) {
  return min(p, max(V{}, x));
}

template <class V>
JUANJI_INLINE V clipped_relu_slope(V x, V p, V) {
  const V one = broadcast(Lane<V>{1});
  return x > V{} ? (x < p ? one : V{}) : V{};
}

// x, and p·x below zero. Source: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
template <class V>
JUANJI_INLINE V leaky_relu(V x, V p, V) {
  return x > V{} ? x : x * p;
}

template <class V>
JUANJI_INLINE V leaky_relu_slope(V x, V p, V) {
  return x > V{} ? broadcast(Lane<V>{1}) : p;
}

// q·x, and q·p·(exp(x) - 1) below zero. Source: Clevert et al., 2016 (arXiv:1511.07289).
template <class V>
JUANJI_INLINE V elu(V x, V p, V q) {
  return (x > V{} ? x : p * expm1(min(V{}, x))) * q;
}

template <class V>
JUANJI_INLINE V elu_slope(V x, V p, V q) {
  return (x > V{} ? broadcast(Lane<V>{1}) : p * exp(min(V{}, x))) * q;
}

// x/6 + 1/2, kept within 0 and 1. Source: Howard et al., Searching for MobileNetV3, 2019 (arXiv:1905.02244).
template <class V>
JUANJI_INLINE V hard_sigmoid(V x, V, V) {
  using T = Lane<V>;
  return min(broadcast(T{6}), max(V{}, x + T{3})) * (T{1} / T{6});  // 0 and 1 exactly at the ends
}

template <class V>
JUANJI_INLINE V hard_sigmoid_slope(V x, V, V) {
  using T = Lane<V>;
  return max(x, -x) < broadcast(T{3}) ? broadcast(T{1} / T{6}) : V{};
}

// x·hard_sigmoid(x) (which reads no parameters), from the same source, where it is called hard swish
template <class V>
JUANJI_INLINE V hard_silu(V x, V, V) {
  return x * hard_sigmoid(x, x, x);
}

template <class V>
JUANJI_INLINE V hard_silu_slope(V x, V, V) {
  using T = Lane<V>;
  const V inside = x * (T{1} / T{3}) + T{0.5};
  return max(x, -x) < broadcast(T{3}) ? inside : hard_sigmoid(x, x, x);
}

}  // namespace juanji::kernels::JUANJI_ISA
