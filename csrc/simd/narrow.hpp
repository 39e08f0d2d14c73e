// Integers in the lanes of Vec<T> that are stored in fewer bytes than a lane has. Only kernel files may include this.
#pragma once

#include "simd/vec.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace juanji::kernels::JUANJI_ISA {

// Integers of T's size, one for each lane of Vec<T>.
template <class T>
using IntVec = typename VecOf<Int<T>>::type;

// As many integers of type I as Vec<T> has lanes.
template <class T, class I>
struct NarrowOf {
  typedef I type __attribute__((vector_size(kWidth<T> * sizeof(I))));
  typedef I unaligned __attribute__((vector_size(kWidth<T> * sizeof(I)), aligned(alignof(I)), may_alias));
};

template <class T, class I>
JUANJI_INLINE IntVec<T> load_integers_generic(const I* p) {
  const typename NarrowOf<T, I>::type narrow = *reinterpret_cast<const typename NarrowOf<T, I>::unaligned*>(p);
  return __builtin_convertvector(narrow, IntVec<T>);
}

template <class T, class I>
JUANJI_INLINE void store_integers_generic(I* p, IntVec<T> v) {
  using Narrow = typename NarrowOf<T, I>::type;
  *reinterpret_cast<typename NarrowOf<T, I>::unaligned*>(p) = __builtin_convertvector(v, Narrow);
}

// The generic form is right everywhere, but for bytes GCC takes it apart lane by lane: those have intrinsics (with a
// mask, since GCC warns about the undefined register that the forms without one begin with).
template <class T, class I>
struct Integers {
  static JUANJI_INLINE_MEMBER IntVec<T> load(const I* p) { return load_integers_generic<T>(p); }
  static JUANJI_INLINE_MEMBER void store(I* p, IntVec<T> v) { store_integers_generic<T>(p, v); }
};

#if JUANJI_VECTOR_BYTES == 64 && defined(__AVX512F__)
template <>
struct Integers<float, uint8_t> {
  static JUANJI_INLINE_MEMBER IntVec<float> load(const uint8_t* p) {
    return (IntVec<float>)_mm512_maskz_cvtepu8_epi32((__mmask16)-1, _mm_loadu_si128((const __m128i*)p));
  }
  static JUANJI_INLINE_MEMBER void store(uint8_t* p, IntVec<float> v) {
    _mm_storeu_si128((__m128i*)p, _mm512_maskz_cvtepi32_epi8((__mmask16)-1, (__m512i)v));
  }
};
template <>
struct Integers<double, uint8_t> {
  static JUANJI_INLINE_MEMBER IntVec<double> load(const uint8_t* p) {
    return (IntVec<double>)_mm512_maskz_cvtepu8_epi64((__mmask8)-1, _mm_loadl_epi64((const __m128i*)p));
  }
  static JUANJI_INLINE_MEMBER void store(uint8_t* p, IntVec<double> v) {
    _mm_storel_epi64((__m128i*)p, _mm512_maskz_cvtepi64_epi8((__mmask8)-1, (__m512i)v));
  }
};
#elif JUANJI_VECTOR_BYTES == 32 && defined(__AVX2__)
template <>
struct Integers<float, uint8_t> {
  static JUANJI_INLINE_MEMBER IntVec<float> load(const uint8_t* p) {
    return (IntVec<float>)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p));
  }
  static JUANJI_INLINE_MEMBER void store(uint8_t* p, IntVec<float> v) {
    const __m128i low = _mm256_castsi256_si128((__m256i)v), high = _mm256_extracti128_si256((__m256i)v, 1);
    const __m128i words = _mm_packs_epi32(low, high);
    _mm_storel_epi64((__m128i*)p, _mm_packus_epi16(words, words));
  }
};
template <>
struct Integers<double, uint8_t> {
  static JUANJI_INLINE_MEMBER IntVec<double> load(const uint8_t* p) {
    int bytes;
    __builtin_memcpy(&bytes, p, 4);
    return (IntVec<double>)_mm256_cvtepu8_epi64(_mm_cvtsi32_si128(bytes));
  }
  static JUANJI_INLINE_MEMBER void store(uint8_t* p, IntVec<double> v) {
    const __m256i even = _mm256_permutevar8x32_epi32((__m256i)v, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
    const __m128i lanes = _mm256_castsi256_si128(even);
    const __m128i words = _mm_packs_epi32(lanes, lanes);
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    __builtin_memcpy(p, &bytes, 4);
  }
};
#elif JUANJI_VECTOR_BYTES == 16 && defined(__SSE2__)
template <>
struct Integers<float, uint8_t> {
  static JUANJI_INLINE_MEMBER IntVec<float> load(const uint8_t* p) {
    int bytes;
    __builtin_memcpy(&bytes, p, 4);
    const __m128i words = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), _mm_setzero_si128());
    return (IntVec<float>)_mm_unpacklo_epi16(words, _mm_setzero_si128());
  }
  static JUANJI_INLINE_MEMBER void store(uint8_t* p, IntVec<float> v) {
    const __m128i words = _mm_packs_epi32((__m128i)v, (__m128i)v);
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    __builtin_memcpy(p, &bytes, 4);
  }
};
#endif

}  // namespace juanji::kernels::JUANJI_ISA
