// How the 3×3 depthwise kernels go through channels and memory. Only kernel files may include this.
#pragma once

#include "kernels/pixel_store.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <int V>
struct Vectors {
  static constexpr int value = V;
};

// Packed weights: the nine weights of a slot's channels, a vector each.
template <class T>
constexpr int kSlot = 9 * kWidth<T>;

template <class T>
JUANJI_INLINE int64_t slots(int64_t c) {
  return (c + kWidth<T> - 1) / kWidth<T>;
}

// body(first channel, slot, lanes, Vectors<1 or 2>) for all channels, a vector to a slot. Where the channels do not
// fill the last vector it overlaps the one before and gives the same results twice: no masks. With fewer channels than
// a vector has lanes, `lanes` are the first ones. `wide` takes two vectors at a time, where Most and the width allow
// it.
template <class T, int Most, class Body>
JUANJI_INLINE void for_passes(int64_t c, bool wide, Body body) {
  constexpr int W = kWidth<T>;
  if (c < W) {
    if (c > 0) body(0, 0, FirstLanes<T>{c}, Vectors<1>{});
    return;
  }
  int64_t i = 0;
  if constexpr (Most >= 2 && JUANJI_VECTOR_BYTES < 64) {
    if (wide) {
      for (; i + 2 * W <= c; i += 2 * W) body(i, i / W, AllLanes<T>{}, Vectors<2>{});
    }
  }
  for (; i + W <= c; i += W) body(i, i / W, AllLanes<T>{}, Vectors<1>{});
  if (i < c) body(c - W, i / W, AllLanes<T>{}, Vectors<1>{});
}

// Whether a row is taken two vectors at a time. Pixels a power of two apart, or a row longer than half of the first
// cache, are no longer there when the second half of a cache line is wanted.
template <class T>
JUANJI_INLINE bool is_wide(int64_t width, int64_t c) {
  constexpr int64_t kItem = sizeof(T);
  return c * kItem >= 1024 || width * c * kItem > 16384;
}

// Prefetches memory in its own order, a little at every step, so that it arrives while the arithmetic goes on: the
// hardware does not see that the lines of a pixel follow each other over several passes.
struct Ahead {
  const char* at;

  template <class T>
  JUANJI_INLINE_MEMBER explicit Ahead(const T* next) : at(reinterpret_cast<const char*>(next)) {}

  template <int Bytes>
  JUANJI_INLINE_MEMBER void read() {
    for (int o = 0; o < Bytes; o += 64) __builtin_prefetch(at + o, 0, 2);
    at += Bytes;
  }
  template <int Bytes>
  JUANJI_INLINE_MEMBER void write() {
    for (int o = 0; o < Bytes; o += 64) __builtin_prefetch(at + o, 1, 3);
    at += Bytes;
  }
};

// Bytes that V vectors of channels hold; with less than a vector memory is so dense that the hardware does it all.
template <class T, class Lanes, int V>
constexpr int kAhead = kWholeVectors<T, Lanes> ? V* JUANJI_VECTOR_BYTES : 0;

}  // namespace juanji::kernels::JUANJI_ISA
