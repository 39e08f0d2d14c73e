// floor, ceil, round and trunc of every lane, without the instructions that baseline x86-64 lacks.
//
// Adding 2^p, where p is the number of mantissa bits, rounds a smaller number to the nearest integer (to the even one
// of two) and subtracting it is exact. The sign is put back, so that -0.3 rounds to -0 as in the C library.
#pragma once

#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class V>
JUANJI_INLINE V round(V x) {
  using C = MathConstants<Lane<V>>;
  const V size = abs(x);
  const V nearest = (size + C::kInteger) - C::kInteger;
  return size < C::kInteger ? copy_sign(nearest, x) : x;  // NaN and what has no fraction stay
}

template <class V>
JUANJI_INLINE V floor(V x) {
  const V nearest = round(x);
  return nearest > x ? nearest - Lane<V>{1} : nearest;
}

template <class V>
JUANJI_INLINE V ceil(V x) {
  const V nearest = round(x);
  return nearest < x ? copy_sign(nearest + Lane<V>{1}, x) : nearest;
}

template <class V>
JUANJI_INLINE V trunc(V x) {
  return copy_sign(floor(abs(x)), x);
}

}  // namespace juanji::kernels::JUANJI_ISA
