// No fused multiply-add in this file, the inlined headers included: see random.hpp.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif

#include "kernels/random.hpp"

#include "simd/lanes.hpp"
#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// The lower half of the normal distribution: p in (0, 1/2], and which of the two signs.
template <class T>
struct HalfUniform {
  T p[kRandomChunk<T>];
  T sign[kRandomChunk<T>];
};

JUANJI_INLINE void to_unit(const uint32_t (&words)[kPhiloxWords], float (&u)[kRandomChunk<float>]) {
  for (int i = 0; i < kPhiloxWords; ++i) u[i] = static_cast<float>(static_cast<int32_t>(words[i] >> 8)) * 0x1p-24f;
}

JUANJI_INLINE void to_unit(const uint32_t (&words)[kPhiloxWords], double (&u)[kRandomChunk<double>]) {
  for (int i = 0; i < kRandomChunk<double>; ++i) {
    u[i] = static_cast<double>(static_cast<int64_t>(philox_word_64(words, i) >> 11)) * 0x1p-53;
  }
}

JUANJI_INLINE void to_half(const uint32_t (&words)[kPhiloxWords], HalfUniform<float>& half) {
  for (int i = 0; i < kPhiloxWords; ++i) {
    half.p[i] = (static_cast<float>(static_cast<int32_t>(words[i] & 0x7fffffffu)) + 0.5f) * 0x1p-32f;
    half.sign[i] = (words[i] >> 31) != 0 ? 1.0f : -1.0f;
  }
}

JUANJI_INLINE void to_half(const uint32_t (&words)[kPhiloxWords], HalfUniform<double>& half) {
  for (int i = 0; i < kRandomChunk<double>; ++i) {
    const uint64_t word = philox_word_64(words, i);
    half.p[i] = (static_cast<double>(static_cast<int64_t>(word << 1 >> 12)) + 0.5) * 0x1p-53;
    half.sign[i] = (word >> 63) != 0 ? 1.0 : -1.0;
  }
}

// Highest power first.
template <class T, int N>
JUANJI_INLINE Vec<T> polynomial(Vec<T> x, const double (&c)[N]) {
  Vec<T> sum = broadcast(static_cast<T>(c[0]));
  for (int i = 1; i < N; ++i) sum = sum * x + static_cast<T>(c[i]);
  return sum;
}

// z >= 0 with distribution function 1 - p, 0 < p <= 1/2. The three pairs of polynomials are those of AS 241 (PPND16).
template <class T>
JUANJI_INLINE Vec<T> upper_quantile(Vec<T> p) {
  static constexpr double kCentre[] = {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
                                       4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
                                       1.3314166789178437745e+2, 3.3871328727963666080e+0};
  static constexpr double kCentreUnder[] = {
      5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
      5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1.0};
  static constexpr double kTail[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                                     1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
                                     4.63033784615654529590e+0, 1.42343711074968357734e+0};
  static constexpr double kTailUnder[] = {
      1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
      6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1.0};
  static constexpr double kFarTail[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
                                        2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e+0,
                                        5.46378491116411436990e+0, 6.65790464350110377720e+0};
  static constexpr double kFarTailUnder[] = {
      2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
      1.48753612908506148525e-2,  1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0};
  const Vec<T> q = T(0.5) - p;
  const Vec<T> centre = T(0.180625) - q * q;
  const Vec<T> root = sqrt(-log(p));
  const Vec<T> tail = root - T(1.6);
  Vec<T> z = polynomial<T>(tail, kTail) / polynomial<T>(tail, kTailUnder);
  if (sizeof(T) == 8) {  // a float's p is never this small
    const Vec<T> far = root - T(5);
    z = root > T(5) ? polynomial<T>(far, kFarTail) / polynomial<T>(far, kFarTailUnder) : z;
  }
  return q <= T(0.425) ? q * polynomial<T>(centre, kCentre) / polynomial<T>(centre, kCentreUnder) : z;
}

// make(words, values) fills a chunk of values; they are copied to y, at most n of them.
template <class T, class F>
JUANJI_INLINE void fill(PhiloxStream stream, int64_t first, T* y, int64_t n, F make) {
  uint32_t words[kPhiloxWords];
  T values[kRandomChunk<T>];
  for (int64_t i = 0; i < n; i += kRandomChunk<T>) {
    philox_words(stream, static_cast<uint64_t>((first + i) / kRandomChunk<T>), words);
    make(words, values);
    const int64_t count = n - i < kRandomChunk<T> ? n - i : kRandomChunk<T>;
    for (int64_t k = 0; k < count; ++k) y[i + k] = values[k];
  }
}

template <class T>
void uniform(PhiloxStream stream, int64_t first, T* y, int64_t n, T low, T high) {
  // Rounding may reach `high` itself; the largest value below it is one step of the array's own type away.
  const T last = low < high ? (sizeof(T) == 4 ? static_cast<T>(__builtin_nextafterf(high, low))
                                              : static_cast<T>(__builtin_nextafter(high, low)))
                            : low;
  const T range = high - low;
  fill(stream, first, y, n, [=](const uint32_t(&words)[kPhiloxWords], T(&values)[kRandomChunk<T>]) {
    to_unit(words, values);
    for (int64_t i = 0; i < kRandomChunk<T>; ++i) {
      const T value = low + values[i] * range;
      values[i] = value < high ? value : last;
    }
  });
}

// transform(p) gives z for p in (0, 1/2].
template <class T, class F>
JUANJI_INLINE void fill_normal(PhiloxStream stream, int64_t first, T* y, int64_t n, T mean, T stddev, F transform) {
  fill(stream, first, y, n, [=](const uint32_t(&words)[kPhiloxWords], T(&values)[kRandomChunk<T>]) {
    HalfUniform<T> half;
    to_half(words, half);
    for (int64_t i = 0; i < kRandomChunk<T>; i += kWidth<T>) {
      const Vec<T> z = transform(load(half.p + i)) * load(half.sign + i);
      store(values + i, z * stddev + mean);
    }
  });
}

template <class T>
void normal(PhiloxStream stream, int64_t first, T* y, int64_t n, T mean, T stddev) {
  fill_normal(stream, first, y, n, mean, stddev, [](Vec<T> p) { return upper_quantile<T>(p); });
}

template <class T>
void truncated_normal(PhiloxStream stream, int64_t first, T* y, int64_t n, T mean, T stddev) {
  constexpr T kBelow = static_cast<T>(0.022750131948179207200);  // the normal distribution function at -2
  constexpr T kScale = T(1) - T(2) * kBelow;
  fill_normal(stream, first, y, n, mean, stddev,
              [=](Vec<T> p) { return min(broadcast(T(2)), upper_quantile<T>(p * kScale + kBelow)); });
}

template <class T>
void dropout(PhiloxStream stream, int64_t first, const T* x, T* y, int64_t n, uint32_t threshold, T scale) {
  uint32_t words[kPhiloxWords];
  for (int64_t i = 0; i < n; i += kDropoutChunk) {
    philox_words(stream, static_cast<uint64_t>((first + i) / kDropoutChunk), words);
    const int64_t count = n - i < kDropoutChunk ? n - i : kDropoutChunk;
    for (int64_t k = 0; k < count; ++k) y[i + k] = words[k] >= threshold ? x[i + k] * scale : T(0);
  }
}

}  // namespace

template <class T>
RandomTable<T> random() {
  return {&uniform<T>, &normal<T>, &truncated_normal<T>, &dropout<T>};
}

template RandomTable<float> random<float>();
template RandomTable<double> random<double>();

}  // namespace juanji::kernels::JUANJI_ISA
