// Vec<T>: one vector register of the instruction set this file is being compiled for.
//
// GCC's and Clang's vector extensions give arithmetic (+ - * / and comparisons, `mask ? a : b`) on it; this header adds
// loads, stores, broadcasts and the few things that have no operator. Only kernel files may include it. Everything
// lives in the instruction set's own namespace, so that the linker never keeps a wide copy for everyone; for the same
// reason no std:: function is used (std::min of an AVX-512 file could end up in every other file).
#pragma once

#include <stdint.h>

#ifndef JUANJI_ISA
#error "compile kernel files with -DJUANJI_ISA=baseline|avx2|avx512 (see CMakeLists.txt)"
#endif

#if defined(__AVX__)
#include <immintrin.h>
#endif

#ifndef JUANJI_VECTOR_BYTES  // tests set it to compile one width's code with another's instructions
#if defined(__AVX512F__)
#define JUANJI_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define JUANJI_VECTOR_BYTES 32
#else
#define JUANJI_VECTOR_BYTES 16
#endif
#endif

#define JUANJI_INLINE __attribute__((always_inline)) static inline
#define JUANJI_INLINE_MEMBER __attribute__((always_inline)) inline

namespace juanji::kernels::JUANJI_ISA {

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(JUANJI_VECTOR_BYTES)));
  typedef T unaligned __attribute__((vector_size(JUANJI_VECTOR_BYTES), aligned(alignof(T)), may_alias));
};

template <class T>
using Vec = typename VecOf<T>::type;

template <class T>
constexpr int kWidth = JUANJI_VECTOR_BYTES / static_cast<int>(sizeof(T));

// The integer type of T's size: what comparing two Vec<T> gives, lane by lane 0 or -1.
template <class T>
struct IntOf;
template <>
struct IntOf<float> {
  using type = int32_t;
};
template <>
struct IntOf<double> {
  using type = int64_t;
};
template <class T>
using Int = typename IntOf<T>::type;

template <class T>
JUANJI_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VecOf<T>::unaligned*>(p);
}

template <class T>
JUANJI_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VecOf<T>::unaligned*>(p) = v;
}

template <class T>
JUANJI_INLINE Vec<T> broadcast(T x) {
  return x - Vec<T>{};  // x - 0 is x, -0 and NaN included, so that the compiler keeps the broadcast alone
}

template <class T>
JUANJI_INLINE Vec<T> zero() {
  return Vec<T>{};
}

// The first n lanes, 0 <= n <= width; the others are zero. Never touches memory beyond them.
template <class T>
JUANJI_INLINE Vec<T> load_partial(const T* p, int64_t n) {
  Vec<T> v{};
  for (int64_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}

template <class T>
JUANJI_INLINE void store_partial(T* p, Vec<T> v, int64_t n) {
  for (int64_t i = 0; i < n; ++i) p[i] = v[i];
}

#if JUANJI_VECTOR_BYTES == 64 && defined(__AVX512F__)
JUANJI_INLINE Vec<float> load_partial(const float* p, int64_t n) {
  return (Vec<float>)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p);
}
JUANJI_INLINE Vec<double> load_partial(const double* p, int64_t n) {
  return (Vec<double>)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1u), p);
}
JUANJI_INLINE void store_partial(float* p, Vec<float> v, int64_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), (__m512)v);
}
JUANJI_INLINE void store_partial(double* p, Vec<double> v, int64_t n) {
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1u), (__m512d)v);
}
#elif JUANJI_VECTOR_BYTES == 32 && defined(__AVX2__)
JUANJI_INLINE __m256i first_lanes_32(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
JUANJI_INLINE __m256i first_lanes_64(int64_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
JUANJI_INLINE Vec<float> load_partial(const float* p, int64_t n) {
  return (Vec<float>)_mm256_maskload_ps(p, first_lanes_32(n));
}
JUANJI_INLINE Vec<double> load_partial(const double* p, int64_t n) {
  return (Vec<double>)_mm256_maskload_pd(p, first_lanes_64(n));
}
JUANJI_INLINE void store_partial(float* p, Vec<float> v, int64_t n) {
  _mm256_maskstore_ps(p, first_lanes_32(n), (__m256)v);
}
JUANJI_INLINE void store_partial(double* p, Vec<double> v, int64_t n) {
  _mm256_maskstore_pd(p, first_lanes_64(n), (__m256d)v);
}
#endif

// Like x86's max and min: a NaN in `a` gives b. max(zero, x) therefore keeps a NaN of x.
template <class V>
JUANJI_INLINE V max(V a, V b) {
  return a > b ? a : b;
}

template <class V>
JUANJI_INLINE V min(V a, V b) {
  return a < b ? a : b;
}

template <class T>
JUANJI_INLINE Vec<T> sqrt_lanes(Vec<T> v) {
  Vec<T> r{};
  for (int i = 0; i < kWidth<T>; ++i)
    r[i] = sizeof(T) == 4 ? (T)__builtin_sqrtf((float)v[i]) : (T)__builtin_sqrt((double)v[i]);
  return r;
}

// The maskz form with all lanes set is the plain instruction; GCC 12 warns of an uninitialised value inside the plain
// one.
JUANJI_INLINE Vec<float> sqrt(Vec<float> v) {
#if JUANJI_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Vec<float>)_mm512_maskz_sqrt_ps((__mmask16)-1, (__m512)v);
#elif JUANJI_VECTOR_BYTES == 32 && defined(__AVX2__)
  return (Vec<float>)_mm256_sqrt_ps((__m256)v);
#else
  return sqrt_lanes<float>(v);
#endif
}

JUANJI_INLINE Vec<double> sqrt(Vec<double> v) {
#if JUANJI_VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (Vec<double>)_mm512_maskz_sqrt_pd((__mmask8)-1, (__m512d)v);
#elif JUANJI_VECTOR_BYTES == 32 && defined(__AVX2__)
  return (Vec<double>)_mm256_sqrt_pd((__m256d)v);
#else
  return sqrt_lanes<double>(v);
#endif
}

// The sum of all lanes, halves first: a fixed order.
template <class T>
JUANJI_INLINE T sum_lanes(Vec<T> v) {
  T lanes[kWidth<T>];
  store(lanes, v);
  for (int half = kWidth<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

template <class T>
JUANJI_INLINE T max_lanes(Vec<T> v) {
  T best = v[0];
  for (int i = 1; i < kWidth<T>; ++i) best = v[i] > best || v[i] != v[i] ? v[i] : best;
  return best;
}

}  // namespace juanji::kernels::JUANJI_ISA
