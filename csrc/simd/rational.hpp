// Odd functions of float32 that level off at one, tanh and erf, each as one quotient of polynomials.
//
// f(x) = x P(x^2) / Q(x^2), within 5.5 ulp, erf without fused multiply-add within 6.2. The error is largest where f is
// nearly one; there a larger x can give a result some ulp smaller. No exponential and one division. Coefficients: least
// squares of the relative error, weighted again and again until all peaks of the error are equal (C. L. Lawson, 1961),
// then rounded together with the common factor whose rounding errors come out smallest. P and Q are of one degree: the
// quotient rises above one before the limit and is cut there, so large arguments give exactly one.
#pragma once

#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {

// The sum of c[i] z^i, in pairs: fewer roundings follow each other than in Horner's order.
template <class V, int kTerms>
JUANJI_INLINE V polynomial_in_pairs(V z, V z_square, const Lane<V> (&c)[kTerms]) {
  constexpr int kTop = (kTerms - 1) / 2 * 2;
  V p = broadcast(c[kTop]);
  if constexpr (kTop + 1 < kTerms) p = z * c[kTop + 1] + c[kTop];
#pragma GCC unroll 8
  for (int i = kTop - 2; i >= 0; i -= 2) p = p * z_square + (z * c[i + 1] + c[i]);
  return p;
}

// C has kLimit, where the quotient is above one, and kAbove and kBelow, lowest power first. NaN stays.
template <class C>
JUANJI_INLINE Vec<float> odd_rational(Vec<float> x) {
  const Vec<float> one = broadcast(1.0f);
  const Vec<float> a = min(broadcast(C::kLimit), max(broadcast(-C::kLimit), x));
  const Vec<float> z = a * a;
  const Vec<float> z_square = z * z;
  const Vec<float> above = a * polynomial_in_pairs(z, z_square, C::kAbove);
  const Vec<float> quotient = above / polynomial_in_pairs(z, z_square, C::kBelow);
  return min(one, max(-one, quotient));
}

}  // namespace juanji::kernels::JUANJI_ISA
