#include "kernels/edges.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
JUANJI_INLINE T magnitude(T x) {
  return x < 0 ? -x : x;
}

// Whether the slope at p is a maximum in the direction of (dy, dx).
template <class T>
JUANJI_INLINE bool is_ridge(const T* p, int64_t w, T dy, T dx) {
  const bool falling = (dy >= 0 && dx >= 0) || (dy <= 0 && dx <= 0);  // from the upper left to the lower right
  const bool steep = magnitude(dy) > magnitude(dx);
  const T weight = steep ? magnitude(dx) / magnitude(dy) : magnitude(dy) / magnitude(dx);
  const int64_t straight = steep ? w : falling ? 1 : -1;
  const int64_t diagonal = falling ? w + 1 : w - 1;
  const T before = p[-diagonal] * weight + p[-straight] * (1 - weight);
  const T behind = p[diagonal] * weight + p[straight] * (1 - weight);
  return before <= *p && behind <= *p;
}

template <class T>
void row(const T* dy, const T* dx, const T* slope, int64_t h, int64_t w, int64_t row, T low, T high, uint8_t* mark) {
  for (int64_t i = 0; i < w; ++i) mark[i] = 0;
  if (row == 0 || row == h - 1) return;
  for (int64_t i = 1; i < w - 1; ++i) {
    const int64_t at = row * w + i;
    if (!(slope[at] >= low) || !(slope[at] > 0)) continue;
    if (is_ridge(slope + at, w, dy[at], dx[at])) mark[i] = slope[at] >= high ? 2 : 1;
  }
}

}  // namespace

template <class T>
EdgesTable<T> edges() {
  return {&row<T>};
}

template EdgesTable<float> edges<float>();
template EdgesTable<double> edges<double>();

}  // namespace juanji::kernels::JUANJI_ISA
