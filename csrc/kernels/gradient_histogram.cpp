#include "kernels/gradient_histogram.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
struct Gradient {
  T down, right, square;
};

template <class T>
JUANJI_INLINE Gradient<T> gradient(const HistogramShape& s, const T* x, int64_t i, int64_t j) {
  const T* p = x + (i * s.w + j) * s.c;
  const bool vertical = i > 0 && i<s.h - 1, horizontal = j> 0 && j < s.w - 1;
  Gradient<T> longest{0, 0, -1};
  for (int64_t c = 0; c < s.c; ++c, ++p) {
    const T down = vertical ? p[s.w * s.c] - p[-s.w * s.c] : 0;
    const T right = horizontal ? p[s.c] - p[-s.c] : 0;
    const T square = down * down + right * right;
    if (square > longest.square) longest = {down, right, square};
  }
  return longest;
}

// The bin of a direction, opposite ones being the same: how many bins begin at its angle or before, less one.
template <class T>
JUANJI_INLINE int64_t bin(const HistogramShape& s, const T* directions, Gradient<T> g) {
  const T sign = g.down < 0 || (g.down == 0 && g.right < 0) ? -1 : 1;
  int64_t count = 0;
  for (int64_t k = 1; k < s.orientations; ++k) {
    count += sign * (g.down * directions[2 * k] - g.right * directions[2 * k + 1]) >= 0;
  }
  return count;
}

template <class T>
void row(const HistogramShape& s, const T* x, const T* directions, int64_t row, T* y) {
  for (int64_t i = 0; i < s.cells * s.orientations; ++i) y[i] = 0;
  for (int64_t i = row * s.cell_height; i < (row + 1) * s.cell_height; ++i) {
    for (int64_t j = 0; j < s.cells * s.cell_width; ++j) {
      const Gradient<T> g = gradient(s, x, i, j);
      const T length = sizeof(T) == 4 ? (T)__builtin_sqrtf((float)g.square) : (T)__builtin_sqrt((double)g.square);
      y[j / s.cell_width * s.orientations + bin(s, directions, g)] += length;
    }
  }
  const T pixels = static_cast<T>(s.cell_height * s.cell_width);
  for (int64_t i = 0; i < s.cells * s.orientations; ++i) y[i] /= pixels;
}

}  // namespace

template <class T>
GradientHistogramTable<T> gradient_histogram() {
  return {&row<T>};
}

template GradientHistogramTable<float> gradient_histogram<float>();
template GradientHistogramTable<double> gradient_histogram<double>();

}  // namespace juanji::kernels::JUANJI_ISA
