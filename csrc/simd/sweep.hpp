// Sweeping over an array in vectors: a loop body written once for whole vectors and for the tail.
#pragma once

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Which lanes of a vector exist: all of them, or the first `count` at the end of an array.
struct EveryLane {};
struct LeadingLanes {
  int64_t count;
};

template <class T>
JUANJI_INLINE Vec<T> read(const T* p, EveryLane) {
  return load(p);
}
template <class T>
JUANJI_INLINE Vec<T> read(const T* p, LeadingLanes lanes) {
  return load_partial(p, lanes.count);  // the other lanes are zero
}
template <class T>
JUANJI_INLINE void write(T* p, Vec<T> v, EveryLane) {
  store(p, v);
}
template <class T>
JUANJI_INLINE void write(T* p, Vec<T> v, LeadingLanes lanes) {
  store_partial(p, v, lanes.count);
}

// The lanes that exist of v, and `fill` in the others.
template <class T>
JUANJI_INLINE Vec<T> filled(Vec<T> v, T, EveryLane) {
  return v;
}
template <class T>
JUANJI_INLINE Vec<T> filled(Vec<T> v, T fill, LeadingLanes lanes) {
  for (int i = 0; i < kWidth<T>; ++i) v[i] = i < lanes.count ? v[i] : fill;
  return v;
}

// step(i, lanes) for every vector of an array of n elements.
template <class T, class F>
JUANJI_INLINE void for_vectors(int64_t n, F step) {
  int64_t i = 0;
  for (; i + kWidth<T> <= n; i += kWidth<T>) step(i, EveryLane{});
  if (i < n) step(i, LeadingLanes{n - i});
}

}  // namespace
}  // namespace juanji::kernels::JUANJI_ISA
