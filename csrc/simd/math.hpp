// exp, expm1, log, log1p, softplus and sigmoid of every lane of a vector.
//
// One source for both float types and every register width. Away from the edges the error is below 2 ulp for exp and
// log, below 3 ulp for the others (tests/cpp/test_math.cpp measures it). Infinities, NaN, signed zeros, overflow and
// denormals give what the C library gives, unless the caller flushes denormals (DenormalGuard): then they are zeros.
// Where exp would be denormal it is zero always: all operations flush denormals, so the guard would do the same.
//
// Sources: argument reduction after Cody and Waite, Software Manual for the Elementary Functions, 1980;
// logarithm after K. C. Ng, FreeBSD msun e_log.c and e_logf.c, whose minimax coefficients are used.
#pragma once

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {

// Lane<V> is the element type of the vector V.
float lane_of(Vec<float>);
double lane_of(Vec<double>);
template <class V>
using Lane = decltype(lane_of(V{}));

template <class T>
struct MathConstants;

template <>
struct MathConstants<float> {
  static constexpr int kMantissaBits = 23;
  static constexpr float kRound = 12582912.0f;       // 1.5 * 2^23: adding it rounds to the nearest integer
  static constexpr float kInteger = 8388608.0f;      // 2^23
  static constexpr float kLn2High = 0.693359375f;    // 10 bits, so that a multiple by an exponent is exact
  static constexpr float kLn2Low = -2.12194440e-4f;  // ln 2 - kLn2High
  static constexpr float kExpHighest = 88.7228317f;  // above, exp overflows
  static constexpr float kExpLowest = -87.3365402f;  // below, exp is denormal
  static constexpr float kSmallestNormal = 1.17549435e-38f;
  static constexpr int32_t kOneBits = 0x3f800000;
  static constexpr int32_t kHalfRootBits = 0x3f3504f3;  // sqrt(1/2)
  // (expm1(r) - r) / r^2 for |r| <= ln2 / 2; exp has an error of 3e-9 from it
  static constexpr float kExp[] = {0.499999934501f, 0.166665206702f, 0.0416683876711f, 0.00836871195960f,
                                   0.00138146017773f};
  static constexpr int kLogTerms = 4;
  static constexpr float kLog[] = {0.66666662693f, 0.40000972152f, 0.28498786688f, 0.24279078841f};
};

template <>
struct MathConstants<double> {
  static constexpr int kMantissaBits = 52;
  static constexpr double kRound = 6755399441055744.0;    // 1.5 * 2^52
  static constexpr double kInteger = 4503599627370496.0;  // 2^52
  static constexpr double kLn2High = 6.93147180369123816490e-01;
  static constexpr double kLn2Low = 1.90821492927058770002e-10;
  static constexpr double kExpHighest = 709.782712893383973;
  static constexpr double kExpLowest = -708.396418532264106;
  static constexpr double kSmallestNormal = 2.2250738585072014e-308;
  static constexpr int64_t kOneBits = 0x3ff0000000000000;
  static constexpr int64_t kHalfRootBits = 0x3fe6a09e667f3bcd;
  // as above, with an error of 4e-18
  static constexpr double kExp[] = {0.50000000000000106221,     0.16666666666666412697,   0.041666666666530218364,
                                    0.008333333333494356784,    0.0013888888943610504692, 0.00019841269506770507135,
                                    0.000024801493122699626612, 2.7557586244250060529e-6, 2.7630238798895456257e-7,
                                    2.5000087484678112604e-8};
  static constexpr int kLogTerms = 7;
  static constexpr double kLog[] = {6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                                    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                                    1.479819860511658591e-01};
};

// The bits of v as integers, and back.
template <class V>
JUANJI_INLINE Vec<Int<Lane<V>>> to_bits(V v) {
  return (Vec<Int<Lane<V>>>)v;
}

template <class T>
JUANJI_INLINE Vec<T> from_bits(Vec<Int<T>> bits) {
  return (Vec<T>)bits;
}

template <class T>
constexpr Int<T> kSignBit = static_cast<Int<T>>(Int<T>{1} << (8 * sizeof(T) - 2)) * -2;

template <class V>
JUANJI_INLINE V abs(V v) {
  return from_bits<Lane<V>>(to_bits(v) & ~kSignBit<Lane<V>>);
}

// |v| with the sign of s
template <class V>
JUANJI_INLINE V copy_sign(V v, V s) {
  using T = Lane<V>;
  return from_bits<T>((to_bits(v) & ~kSignBit<T>) | (to_bits(s) & kSignBit<T>));
}

// The sum of c[i] z^i.
template <class V, int kTerms>
JUANJI_INLINE V polynomial(V z, const Lane<V> (&c)[kTerms]) {
  V p = broadcast(c[kTerms - 1]);
#pragma GCC unroll 16
  for (int i = kTerms - 2; i >= 0; --i) p = p * z + c[i];
  return p;
}

// 2^n of the integers n that `rounded` = n + kRound holds in its low mantissa bits; n must be a normal exponent.
template <class V>
JUANJI_INLINE V power_of_two(V rounded) {
  using T = Lane<V>;
  using C = MathConstants<T>;
  return from_bits<T>((to_bits(rounded) << C::kMantissaBits) + C::kOneBits);
}

// x = n ln2 + r with |r| <= ln2 / 2. Gives n + kRound and expm1(r).
template <class V>
struct ExpParts {
  V rounded;
  V expm1_r;
};

template <class V>
JUANJI_INLINE ExpParts<V> split_exp(V x) {
  using T = Lane<V>;
  using C = MathConstants<T>;
  const V rounded = x * T{1.44269504088896340736} + C::kRound;
  const V n = rounded - C::kRound;
  const V r = (x - n * C::kLn2High) - n * C::kLn2Low;
  return {rounded, polynomial(r, C::kExp) * (r * r) + r};
}

template <class V>
JUANJI_INLINE V exp(V x) {
  using T = Lane<V>;
  using C = MathConstants<T>;
  const ExpParts<V> parts = split_exp(x);
  // Adding n to the exponent of a number near one; for numbers out of range it gives anything, which is then replaced.
  V y = from_bits<T>(to_bits(parts.expm1_r + T{1}) + (to_bits(parts.rounded) << C::kMantissaBits));
  y = x >= C::kExpLowest ? y : V{};
  return x <= C::kExpHighest ? y : x + static_cast<T>(__builtin_inf());  // NaN stays
}

// exp(x) - 1 without cancellation, for -1 <= x < some 60: what tanh and expm1 need.
template <class V>
JUANJI_INLINE V expm1_near_zero(V x) {
  const ExpParts<V> parts = split_exp(x);
  const V scale = power_of_two(parts.rounded);
  return scale * parts.expm1_r + (scale - Lane<V>{1});
}

template <class V>
JUANJI_INLINE V expm1(V x) {
  using T = Lane<V>;
  const V small = expm1_near_zero(min(broadcast(T{1}), max(broadcast(T{-1}), x)));
  const V result = abs(x) < T{1} ? small : exp(x) - T{1};
  return x == T{0} ? x : result;  // keeps -0
}

template <class V>
JUANJI_INLINE V log(V x) {
  using T = Lane<V>;
  using C = MathConstants<T>;
  const auto denormal = x < C::kSmallestNormal;
  const V normal = denormal ? x * C::kInteger : x;
  // x = 2^k m with sqrt(1/2) <= m < sqrt(2)
  const auto shifted = to_bits(normal) + (C::kOneBits - C::kHalfRootBits);
  const auto mantissa_mask = (Int<T>{1} << C::kMantissaBits) - 1;
  const V m = from_bits<T>((shifted & mantissa_mask) + C::kHalfRootBits);
  // The exponent is a small positive integer: put it into the mantissa of 2^kMantissaBits.
  const auto exponent = (shifted >> C::kMantissaBits) & ((Int<T>{1} << (8 * sizeof(T) - 1 - C::kMantissaBits)) - 1);
  const V biased = from_bits<T>(exponent | to_bits(broadcast(C::kInteger))) - C::kInteger;
  const V bias = broadcast(static_cast<T>(C::kOneBits >> C::kMantissaBits));
  const V k = biased - (denormal ? bias + static_cast<T>(C::kMantissaBits) : bias);

  const V f = m - T{1};
  const V s = f / (f + T{2});
  const V z = s * s;
  V p = broadcast(C::kLog[C::kLogTerms - 1]);
#pragma GCC unroll 16
  for (int i = C::kLogTerms - 2; i >= 0; --i) p = p * z + C::kLog[i];
  const V half_square = f * f * T{0.5};
  const V low = s * (half_square + p * z) + k * C::kLn2Low;
  V result = k * C::kLn2High - ((half_square - low) - f);

  const V infinity = broadcast(static_cast<T>(__builtin_inf()));
  result = x == infinity ? infinity : result;
  result = x == T{0} ? -infinity : result;
  return x >= T{0} ? result : broadcast(static_cast<T>(__builtin_nan("")));  // negative or NaN
}

// log(1 + x): the rounding error of u = 1 + x is put back to first order (Kahan).
template <class V>
JUANJI_INLINE V log1p(V x) {
  using T = Lane<V>;
  const V u = x + T{1};
  const V correction = (x - (u - T{1})) / u;
  const V infinity = broadcast(static_cast<T>(__builtin_inf()));
  const V result = ((u > T{0}) & (u < infinity)) ? log(u) + correction : log(u);
  return u == T{1} ? x : result;  // |x| below half an ulp of 1: log1p(x) = x, -0 included
}

// softplus(x) = log(1 + exp(x)), through exp(-|x|) so that it does not overflow
template <class V>
JUANJI_INLINE V softplus(V x) {
  return max(V{}, x) + log1p(exp(-abs(x)));
}

// sigmoid(x) = 1 / (1 + exp(-x)); the exponential of negative numbers is large, so small values do not vanish
template <class V>
JUANJI_INLINE V sigmoid(V x) {
  return Lane<V>{1} / (exp(-x) + Lane<V>{1});
}

}  // namespace juanji::kernels::JUANJI_ISA
