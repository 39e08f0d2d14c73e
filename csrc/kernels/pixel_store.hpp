// Stores to pixels that have fewer channels than a vector has lanes. Only kernel files may include this.
#pragma once

#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T, class Lanes>
constexpr bool kWholeVectors = false;
template <class T>
constexpr bool kWholeVectors<T, AllLanes<T>> = true;

// Stores pixels in the order of memory. With fewer channels than lanes a whole vector spills into the pixels behind,
// which are stored later; only those too near the end of the row are masked.
template <class T, class Lanes>
struct PixelStore {
  T* y;
  int64_t c;
  int64_t whole;
  Lanes lanes;

  JUANJI_INLINE_MEMBER PixelStore(T* to, int64_t channels, int64_t pixels, Lanes some)
      : y(to),
        c(channels),
        whole(pixels - (kWidth<T> + channels - 1) / channels),
        lanes(some) {}

  JUANJI_INLINE_MEMBER void put(int64_t pixel, int h, Vec<T> v) const {
    T* to = y + pixel * c + h * kWidth<T>;
    if (kWholeVectors<T, Lanes> || pixel <= whole) {
      store(to, v);
    } else {
      lanes.store(to, v);
    }
  }
};

}  // namespace juanji::kernels::JUANJI_ISA
