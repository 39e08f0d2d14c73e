// sin and cos of every lane of a vector, within 2 ulp.
//
// Sources: argument reduction after Cody and Waite, Software Manual for the Elementary Functions, 1980, with pi/2 in
// parts; polynomials of S. Moshier's Cephes (sinf.c) and of FreeBSD msun (k_sin.c, k_cos.c).
#pragma once

#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
struct TrigonometryConstants;

template <>
struct TrigonometryConstants<float> {
  static constexpr float kLargest = 8192.0f;  // up to here a quadrant's number times a part of pi/2 is exact
  static constexpr float kHalfPi[] = {1.5703125f, 4.837512969970703e-4f, 7.549533620476723e-8f,
                                      2.5633440682570896e-12f};
  static constexpr float kSin[] = {-1.6666654611e-1f, 8.3321608736e-3f, -1.9515295891e-4f};
  static constexpr float kCos[] = {4.166664568298827e-2f, -1.388731625493765e-3f, 2.443315711809948e-5f};
};

template <>
struct TrigonometryConstants<double> {
  static constexpr double kLargest = 1048576.0;
  static constexpr double kHalfPi[] = {1.57079632673412561417e+00, 6.07710050630396597660e-11,
                                       2.02226624879595063154e-21};
  static constexpr double kSin[] = {-1.66666666666666324348e-01, 8.33333333332248946124e-03,
                                    -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                                    -2.50507602534068634195e-08, 1.58969099521155010221e-10};
  static constexpr double kCos[] = {4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                    2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                    2.08757232129817482790e-09, -1.13596475577881948265e-11};
};

JUANJI_INLINE double scalar_sin_or_cos(double x, bool cosine) { return cosine ? __builtin_cos(x) : __builtin_sin(x); }

// sin(x), or cos(x) = sin(x + pi/2): `ahead` quadrants are added.
template <class V>
JUANJI_INLINE V sin_ahead(V x, int ahead) {
  using T = Lane<V>;
  using C = TrigonometryConstants<T>;
  const V rounded = x * static_cast<T>(0.63661977236758134308) + MathConstants<T>::kRound;
  const V n = rounded - MathConstants<T>::kRound;
  V r = x;
#pragma GCC unroll 4
  for (const T part : C::kHalfPi) r = r - n * part;
  const auto quadrant = to_bits(rounded) + ahead;  // its two low bits count
  const V z = r * r;
  const V sine = r + r * z * polynomial(z, C::kSin);
  // 1 - z/2 rounds; what it lost is added behind the polynomial
  const V half = z * T{0.5};
  const V first = T{1} - half;
  const V cosine = first + (((T{1} - first) - half) + z * z * polynomial(z, C::kCos));
  const V size = (quadrant & 1) == 0 ? sine : cosine;
  V result = from_bits<T>(to_bits(size) ^ ((quadrant & 2) << (8 * static_cast<int>(sizeof(T)) - 2)));
  const V largest = abs(x);
  if (!(max_lanes<T>(largest) <= C::kLargest)) {  // rare: exact reduction by the C library
    for (int i = 0; i < kWidth<T>; ++i) {
      if (!(largest[i] <= C::kLargest)) result[i] = static_cast<T>(scalar_sin_or_cos(x[i], ahead != 0));
    }
  }
  return result;
}

template <class V>
JUANJI_INLINE V sin(V x) {
  return x == Lane<V>{0} ? x : sin_ahead(x, 0);  // keeps -0
}

template <class V>
JUANJI_INLINE V cos(V x) {
  return sin_ahead(x, 1);
}

}  // namespace juanji::kernels::JUANJI_ISA
