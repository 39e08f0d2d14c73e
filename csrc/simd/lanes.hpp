// Loops over vectors: whole ones, then the tail. Only kernel files may include this.
//
// A loop body is written once, as a function of the first channel and of `lanes`, which is all lanes of a vector or its
// first n. Masked stores are slow on many CPUs, so a tail may also be done with all lanes where the memory behind it
// is readable and will be written afterwards anyway: pixels are produced in the order in which they lie in memory.
#pragma once

#include "simd/narrow.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
struct AllLanes {
  JUANJI_INLINE_MEMBER Vec<T> load(const T* p) const { return JUANJI_ISA::load(p); }
  JUANJI_INLINE_MEMBER void store(T* p, Vec<T> v) const { JUANJI_ISA::store(p, v); }
  template <class I>
  JUANJI_INLINE_MEMBER IntVec<T> load_integers(const I* p) const {
    return Integers<T, I>::load(p);
  }
  template <class I>
  JUANJI_INLINE_MEMBER void store_integers(I* p, IntVec<T> v) const {
    Integers<T, I>::store(p, v);
  }
};

template <class T>
struct FirstLanes {
  int64_t n;

  JUANJI_INLINE_MEMBER Vec<T> load(const T* p) const { return load_partial(p, n); }
  JUANJI_INLINE_MEMBER void store(T* p, Vec<T> v) const { store_partial(p, v, n); }
  template <class I>
  JUANJI_INLINE_MEMBER IntVec<T> load_integers(const I* p) const {
    IntVec<T> v{};
    for (int64_t i = 0; i < n; ++i) v[i] = p[i];
    return v;
  }
  template <class I>
  JUANJI_INLINE_MEMBER void store_integers(I* p, IntVec<T> v) const {
    for (int64_t i = 0; i < n; ++i) p[i] = static_cast<I>(v[i]);
  }
};

// body(i, lanes) for i = 0, kWidth<T>, ... below c. `spare`: how many elements behind the c channels may be touched
// too, in every array that the body reads or writes.
template <class T, class Body>
JUANJI_INLINE void for_channels(int64_t c, int64_t spare, Body body) {
  const int64_t whole = spare >= kWidth<T> - 1 ? c : c / kWidth<T> * kWidth<T>;
  int64_t i = 0;
  for (; i < whole; i += kWidth<T>) body(i, AllLanes<T>{});
  if (i < c) body(i, FirstLanes<T>{c - i});
}

// body(i, lanes) for the vectors of an array of n elements, of which nothing else may be touched.
template <class T, class Body>
JUANJI_INLINE void for_vectors(int64_t n, Body body) {
  for_channels<T>(n, 0, body);
}

// v where `lanes` has lanes, `fill` elsewhere.
template <class T>
JUANJI_INLINE Vec<T> filled(Vec<T> v, T, AllLanes<T>) {
  return v;
}
template <class T>
JUANJI_INLINE Vec<T> filled(Vec<T> v, T fill, FirstLanes<T> lanes) {
  for (int i = 0; i < kWidth<T>; ++i) v[i] = i < lanes.n ? v[i] : fill;
  return v;
}

}  // namespace juanji::kernels::JUANJI_ISA
