#include "kernels/max_pool.hpp"

#include "kernels/pool_windows.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Maxima of kVectors neighbouring vectors of channels over `rows` × `columns` pixels: independent of each other, as a
// comparison and a choice have some cycles of latency. `first` is the position of the first pixel in its window.
template <class T, class Index, bool kArgmax, int kVectors, class Lanes>
JUANJI_INLINE void max_vectors(const PoolShape& s, const T* x, int64_t rows, int64_t columns, int64_t first, T* y,
                               Index* argmax, Lanes lanes) {
  Vec<T> best[kVectors];
  IntVec<T> at[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    best[v] = lanes.load(x + v * kWidth<T>);
    at[v] = IntVec<T>{} + static_cast<Int<T>>(first);
  }
  for (int64_t a = 0; a < rows; ++a) {
    for (int64_t b = 0; b < columns; ++b) {
      for (int v = 0; v < kVectors; ++v) {
        const Vec<T> value = lanes.load(x + (a * s.w + b) * s.c + v * kWidth<T>);
        const IntVec<T> better = ~(value <= best[v]) & (best[v] == best[v]);  // also where it is the first NaN
        best[v] = better ? value : best[v];
        if (kArgmax) at[v] = better ? IntVec<T>{} + static_cast<Int<T>>(first + a * s.kw + b) : at[v];
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    lanes.store(y + v * kWidth<T>, best[v]);
    if constexpr (kArgmax) lanes.store_integers(argmax + v * kWidth<T>, at[v]);
  }
}

// The maximum over the pixels p × q of the window, the first of which is at x, for the channels of one output pixel, or
// of several that lie side by side in x and y. KH and KW, where not zero, are its rows and columns known at compile
// time: the loops over them unroll.
template <class T, class Index, bool kArgmax, int KH, int KW>
JUANJI_INLINE void max_pixel(const PoolShape& s, const T* x, Span p, Span q, int64_t channels, T* y, Index* argmax,
                             int64_t spare) {
  const int64_t rows = KH ? KH : p.end - p.begin;
  const int64_t columns = KW ? KW : q.end - q.begin;
  const int64_t start = p.begin * s.kw + q.begin;
  constexpr int kVectors = 2;
  int64_t first = 0;
  if (KH == 0) {
    for (; first + kVectors * kWidth<T> <= channels; first += kVectors * kWidth<T>) {
      max_vectors<T, Index, kArgmax, kVectors>(s, x + first, rows, columns, start, y + first,
                                               kArgmax ? argmax + first : nullptr, AllLanes<T>{});
    }
  }
  for_channels<T>(
      channels - first, spare, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        max_vectors<T, Index, kArgmax, 1>(s, x + first + i, rows, columns, start, y + first + i,
                                          kArgmax ? argmax + first + i : nullptr, lanes);
      });
}

template <class T, class Index, bool kArgmax>
JUANJI_INLINE void max_rows(const PoolShape& s, const T* x, T* y, Index* argmax, int64_t begin, int64_t end) {
  const int64_t outputs = end * s.ow;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t r = i * s.sh - s.top;
    const Span p = inside(r, s.kh, s.h);
    int64_t pixels;
    for (int64_t j = 0; j < s.ow; j += pixels) {
      const int64_t column = j * s.sw - s.left;
      const Span q = inside(column, s.kw, s.w);
      pixels = 1;
      if (s.sw == 1 && q.end - q.begin == s.kw) {  // windows that are whole, one column further each
        const int64_t left_over = s.w - s.kw - column + 1;
        pixels = left_over < s.ow - j ? left_over : s.ow - j;
      }
      const int64_t output = i * s.ow + j;
      const int64_t last_input = (r + p.end - 1) * s.w + column + q.end - 1 + pixels - 1;
      const int64_t y_spare = outputs - pixels - output;
      const int64_t x_spare = s.h * s.w - 1 - last_input;
      const int64_t spare = (y_spare < x_spare ? y_spare : x_spare) * s.c;
      const T* from = x + ((r + p.begin) * s.w + column + q.begin) * s.c;
      T* to = y + output * s.c;
      Index* index = kArgmax ? argmax + output * s.c : nullptr;
      if (p.end - p.begin == 2 && q.end - q.begin == 2) {
        max_pixel<T, Index, kArgmax, 2, 2>(s, from, p, q, pixels * s.c, to, index, spare);
      } else if (p.end - p.begin == 3 && q.end - q.begin == 3) {
        max_pixel<T, Index, kArgmax, 3, 3>(s, from, p, q, pixels * s.c, to, index, spare);
      } else {
        max_pixel<T, Index, kArgmax, 0, 0>(s, from, p, q, pixels * s.c, to, index, spare);
      }
    }
  }
}

template <class T>
void forward(const PoolShape& s, const T* x, T* y, int64_t begin, int64_t end) {
  max_rows<T, uint8_t, false>(s, x, y, nullptr, begin, end);
}

template <class T, class Index>
void forward_argmax(const PoolShape& s, const T* x, T* y, Index* argmax, int64_t begin, int64_t end) {
  max_rows<T, Index, true>(s, x, y, argmax, begin, end);
}

// dx of one input pixel (r, column), covered by the windows `rows` × `columns`.
template <class T, class Index>
JUANJI_INLINE void gradient_pixel(const PoolShape& s, const T* dy, const Index* argmax, Covering rows, Covering columns,
                                  int64_t r, int64_t column, T* dx, int64_t spare) {
  for_channels<T>(
      s.c, spare, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
        Vec<T> sum{};
        for (int64_t i = rows.lo; i <= rows.hi; ++i) {
          for (int64_t j = columns.lo; j <= columns.hi; ++j) {
            const int64_t position = (r + s.top - i * s.sh) * s.kw + column + s.left - j * s.sw;
            const int64_t output = (i * s.ow + j) * s.c + c;
            const IntVec<T> here = lanes.load_integers(argmax + output) == static_cast<Int<T>>(position);
            sum += here ? lanes.load(dy + output) : zero<T>();
          }
        }
        lanes.store(dx + c, sum);
      });
}

// Gathers instead of scattering: every element of dx is written once, in memory order, whatever the windows overlap.
template <class T, class Index>
void gradient(const PoolShape& s, const T* dy, const Index* argmax, T* dx, int64_t begin, int64_t end) {
  Covering rows;
  for (int64_t r = begin; r < end; ++r) {
    rows.advance(r + s.top, s.sh, s.kh, s.oh);
    Covering columns;
    for (int64_t column = 0; column < s.w; ++column) {
      columns.advance(column + s.left, s.sw, s.kw, s.ow);
      T* to = dx + (r * s.w + column) * s.c;
      if (rows.hi < rows.lo || columns.hi < columns.lo) {
        for (int64_t c = 0; c < s.c; ++c) to[c] = 0;
        continue;
      }
      const int64_t dx_spare = end * s.w - 1 - (r * s.w + column);
      const int64_t dy_spare = s.oh * s.ow - 1 - (rows.hi * s.ow + columns.hi);
      const int64_t spare = (dx_spare < dy_spare ? dx_spare : dy_spare) * s.c;
      if (rows.lo == rows.hi && columns.lo == columns.hi) {  // the usual case: the loops over windows disappear
        const int64_t output = (rows.lo * s.ow + columns.lo) * s.c;
        const int64_t position = (r + s.top - rows.lo * s.sh) * s.kw + column + s.left - columns.lo * s.sw;
        for_channels<T>(
            s.c, spare, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
              const IntVec<T> here = lanes.load_integers(argmax + output + c) == static_cast<Int<T>>(position);
              lanes.store(to + c, here ? lanes.load(dy + output + c) : zero<T>());
            });
      } else {
        gradient_pixel(s, dy, argmax, rows, columns, r, column, to, spare);
      }
    }
  }
}

template <class T, class Index>
void take(const PoolShape& s, const T* x, const Index* argmax, T* y, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t j = 0; j < s.ow; ++j) {
      const int64_t output = (i * s.ow + j) * s.c;
      for (int64_t c = 0; c < s.c; ++c) {
        const int64_t position = argmax[output + c];
        const int64_t r = i * s.sh - s.top + position / s.kw;
        const int64_t column = j * s.sw - s.left + position % s.kw;
        y[output + c] = x[(r * s.w + column) * s.c + c];
      }
    }
  }
}

}  // namespace

template <class T>
MaxPoolTable<T> max_pool() {
  return {&forward<T>,
          {&forward_argmax<T, uint8_t>, &gradient<T, uint8_t>, &take<T, uint8_t>},
          {&forward_argmax<T, int32_t>, &gradient<T, int32_t>, &take<T, int32_t>}};
}

template MaxPoolTable<float> max_pool<float>();
template MaxPoolTable<double> max_pool<double>();

}  // namespace juanji::kernels::JUANJI_ISA
