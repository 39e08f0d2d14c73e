// The error function of every lane of a vector, within 3 ulp.
//
// Source: S. Moshier, Cephes Math Library (ndtr.c): a rational function up to 1, above it 1 - exp(-x^2) times another.
#pragma once

#include "simd/math.hpp"
#include "simd/trigonometry.hpp"

namespace juanji::kernels::JUANJI_ISA {

// Coefficients of the numerator and denominator below 1 (in x^2) and above it (in x), lowest power first.
template <class T>
struct ErfConstants {
  static constexpr T kLargest = T{6};  // erf rounds to one
  static constexpr T kNear[] = {T(5.55923013010394962768e4), T(7.00332514112805075473e3), T(2.23200534594684319226e3),
                                T(9.00260197203842689217e1), T(9.60497373987051638749e0)};
  static constexpr T kNearBelow[] = {T(4.92673942608635921086e4), T(2.26290000613890934246e4),
                                     T(4.59432382970980127987e3), T(5.21357949780152679795e2),
                                     T(3.35617141647503099647e1), T(1)};
  static constexpr T kFar[] = {
      T(5.57535335369399327526e2), T(1.02755188689515710272e3),  T(9.34528527171957607540e2),
      T(5.26445194995477358631e2), T(1.96520832956077098242e2),  T(4.86371970985681366614e1),
      T(7.46321056442269912687e0), T(5.64189564831068821977e-1), T(2.46196981473530512524e-10)};
  static constexpr T kFarBelow[] = {
      T(5.57535340817727675546e2), T(1.65666309194161350182e3), T(2.24633760818710981792e3),
      T(1.82390916687909736289e3), T(9.75708501743205489753e2), T(3.54937778887819891062e2),
      T(8.67072140885989742329e1), T(1.32281951154744992508e1), T(1)};
};

template <class V>
JUANJI_INLINE V erf(V x) {
  using T = Lane<V>;
  using C = ErfConstants<T>;
  const V size = abs(x);
  const V z = min(broadcast(T{1}), x * x);
  const V near = x * (polynomial(z, C::kNear) / polynomial(z, C::kNearBelow));
  const V a = min(broadcast(C::kLargest), max(broadcast(T{1}), size));
  const V far = T{1} - exp(-(a * a)) * (polynomial(a, C::kFar) / polynomial(a, C::kFarBelow));
  return size >= T{1} ? copy_sign(far, x) : near;  // NaN takes the near side, which keeps it
}

}  // namespace juanji::kernels::JUANJI_ISA
