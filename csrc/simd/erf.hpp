// The error function of every lane of a vector, within 6.2 ulp in float32 and 3 in float64.
//
// float32: one quotient of polynomials. float64, after S. Moshier, Cephes Math Library (ndtr.c): a rational function up
// to 1, above it 1 - exp(-x^2) times another.
#pragma once

#include "simd/math.hpp"
#include "simd/rational.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
struct ErfConstants;

template <>
struct ErfConstants<float> {
  static constexpr float kLimit = 4.2f;
  static constexpr float kAbove[] = {1.86768603f,    0.315743953f,    0.0873721465f,
                                     0.00625408068f, 0.000471340638f, 3.37977394e-06f};
  static constexpr float kBelow[] = {1.65519369f,  0.831551015f,   0.189101085f,
                                     0.024819864f, 0.00192813552f, 6.28994239e-05f};
};

// Coefficients of the numerator and denominator below 1 (in x^2) and above it (in x), lowest power first.
template <>
struct ErfConstants<double> {
  static constexpr double kLargest = 6.0;  // erf rounds to one
  static constexpr double kNear[] = {5.55923013010394962768e4, 7.00332514112805075473e3, 2.23200534594684319226e3,
                                     9.00260197203842689217e1, 9.60497373987051638749e0};
  static constexpr double kNearBelow[] = {4.92673942608635921086e4, 2.26290000613890934246e4, 4.59432382970980127987e3,
                                          5.21357949780152679795e2, 3.35617141647503099647e1, 1};
  static constexpr double kFar[] = {5.57535335369399327526e2, 1.02755188689515710272e3,  9.34528527171957607540e2,
                                    5.26445194995477358631e2, 1.96520832956077098242e2,  4.86371970985681366614e1,
                                    7.46321056442269912687e0, 5.64189564831068821977e-1, 2.46196981473530512524e-10};
  static constexpr double kFarBelow[] = {5.57535340817727675546e2, 1.65666309194161350182e3, 2.24633760818710981792e3,
                                         1.82390916687909736289e3, 9.75708501743205489753e2, 3.54937778887819891062e2,
                                         8.67072140885989742329e1, 1.32281951154744992508e1, 1};
};

JUANJI_INLINE Vec<float> erf(Vec<float> x) { return odd_rational<ErfConstants<float>>(x); }

JUANJI_INLINE Vec<double> erf(Vec<double> x) {
  using C = ErfConstants<double>;
  using V = Vec<double>;
  const V size = abs(x);
  const V z = min(broadcast(1.0), x * x);
  const V near = x * (polynomial(z, C::kNear) / polynomial(z, C::kNearBelow));
  const V a = min(broadcast(C::kLargest), max(broadcast(1.0), size));
  const V far = 1.0 - exp(-(a * a)) * (polynomial(a, C::kFar) / polynomial(a, C::kFarBelow));
  return size >= 1.0 ? copy_sign(far, x) : near;  // NaN takes the near side, which keeps it
}

}  // namespace juanji::kernels::JUANJI_ISA
