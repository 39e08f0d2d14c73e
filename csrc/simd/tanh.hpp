// tanh of every lane of a vector, within 5.5 ulp as a quotient of polynomials in float32, within 3 from expm1 in
// float64.
#pragma once

#include "simd/math.hpp"
#include "simd/rational.hpp"

namespace juanji::kernels::JUANJI_ISA {

struct TanhConstants {
  static constexpr float kLimit = 9.8f;
  static constexpr float kAbove[] = {1.44242871f, 0.192993358f, 0.00503994804f, 2.9690862e-05f, 1.92123597e-08f};
  static constexpr float kBelow[] = {1.44242871f, 0.673802674f, 0.0373173878f, 0.000473570428f, 1.11964584e-06f};
};

JUANJI_INLINE Vec<float> tanh(Vec<float> x) { return odd_rational<TanhConstants>(x); }

// tanh(x) = e / (e + 2) with e = expm1(2|x|), odd
JUANJI_INLINE Vec<double> tanh(Vec<double> x) {
  const Vec<double> twice = abs(x) + abs(x);
  const Vec<double> e = expm1_near_zero(min(broadcast(44.0), twice));  // tanh rounds to one there
  return copy_sign(e / (e + 2.0), x);
}

}  // namespace juanji::kernels::JUANJI_ISA
