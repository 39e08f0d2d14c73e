// Which window positions fall inside the image, and which windows cover a pixel. Only kernel files may include this.
#pragma once

#include "kernels/pool_shape.hpp"
#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {

struct Span {
  int64_t begin, end;
};

// The positions of a window of `size` at `start` that lie inside 0 .. limit-1.
JUANJI_INLINE Span inside(int64_t start, int64_t size, int64_t limit) {
  return {start < 0 ? -start : 0, start + size > limit ? limit - start : size};
}

// The windows lo .. hi along one axis that cover a padded position, kept up to date as the position grows: no division.
struct Covering {
  int64_t lo = 0, hi = -1;

  JUANJI_INLINE_MEMBER void advance(int64_t position, int64_t stride, int64_t size, int64_t count) {
    while (hi + 1 < count && (hi + 1) * stride <= position) ++hi;
    while (lo * stride + size <= position) ++lo;
  }
};

}  // namespace juanji::kernels::JUANJI_ISA
