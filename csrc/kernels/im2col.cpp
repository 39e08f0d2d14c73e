#include "kernels/im2col.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
void copy_windows(const Im2colShape& s, const T* x, T* cols, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t j = 0; j < s.ow; ++j) {
      T* to = cols + (i * s.ow + j) * s.kh * s.kw * s.c;
      for (int64_t p = 0; p < s.kh; ++p) {
        for (int64_t q = 0; q < s.kw; ++q, to += s.c) {
          const int64_t r = i * s.sh + p * s.dh - s.top, column = j * s.sw + q * s.dw - s.left;
          const bool inside = r >= 0 && r < s.h && column >= 0 && column < s.w;
          const T* from = x + (inside ? (r * s.w + column) * s.c : 0);
          for (int64_t c = 0; c < s.c; ++c) to[c] = inside ? from[c] : T(0);
        }
      }
    }
  }
}

// The window that sees a padded position with its kernel element at `offset`, or -1.
JUANJI_INLINE int64_t window_at(int64_t position, int64_t offset, int64_t stride, int64_t count) {
  const int64_t start = position - offset;
  return start >= 0 && start % stride == 0 && start / stride < count ? start / stride : -1;
}

template <class T>
void sum_windows(const Im2colShape& s, const T* cols, T* x, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t column = 0; column < s.w; ++column) {
      T* to = x + (r * s.w + column) * s.c;
      for (int64_t c = 0; c < s.c; ++c) to[c] = 0;
      for (int64_t p = 0; p < s.kh; ++p) {
        const int64_t i = window_at(r + s.top, p * s.dh, s.sh, s.oh);
        if (i < 0) continue;
        for (int64_t q = 0; q < s.kw; ++q) {
          const int64_t j = window_at(column + s.left, q * s.dw, s.sw, s.ow);
          if (j < 0) continue;
          const T* from = cols + (((i * s.ow + j) * s.kh + p) * s.kw + q) * s.c;
          for (int64_t c = 0; c < s.c; ++c) to[c] += from[c];
        }
      }
    }
  }
}

}  // namespace

template <class T>
Im2colTable<T> im2col() {
  return {&copy_windows<T>, &sum_windows<T>};
}

template Im2colTable<float> im2col<float>();
template Im2colTable<double> im2col<double>();

}  // namespace juanji::kernels::JUANJI_ISA
