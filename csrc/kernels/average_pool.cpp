#include "kernels/average_pool.hpp"

#include "kernels/pool_windows.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Means of kVectors neighbouring vectors of channels over `rows` × `columns` pixels: independent sums, as an addition
// has some cycles of latency.
template <class T, int kVectors, class Lanes>
JUANJI_INLINE void mean_vectors(const T* x, int64_t rows, int64_t columns, int64_t row, int64_t pixel, Vec<T> count,
                                T* y, Lanes lanes) {
  Vec<T> sum[kVectors]{};
  for (int64_t a = 0; a < rows; ++a) {
    Vec<T> row_sum[kVectors];
    for (int v = 0; v < kVectors; ++v) row_sum[v] = lanes.load(x + a * row + v * kWidth<T>);
    for (int64_t b = 1; b < columns; ++b) {
      for (int v = 0; v < kVectors; ++v) row_sum[v] += lanes.load(x + a * row + b * pixel + v * kWidth<T>);
    }
    for (int v = 0; v < kVectors; ++v) sum[v] += row_sum[v];
  }
  for (int v = 0; v < kVectors; ++v) lanes.store(y + v * kWidth<T>, sum[v] / count);
}

// The mean over the pixels p × q of the window, the first of which is at x, for all channels. KH and KW, where not
// zero, are its rows and columns known at compile time: the loops over them unroll.
template <class T, int KH, int KW>
JUANJI_INLINE void mean_pixel(const PoolShape& s, const T* x, Span p, Span q, T* y, int64_t spare) {
  const int64_t rows = KH ? KH : p.end - p.begin;
  const int64_t columns = KW ? KW : q.end - q.begin;
  const int64_t row = s.w * s.c;
  const Vec<T> count = broadcast<T>(static_cast<T>(rows * columns));
  constexpr int kVectors = 4;
  int64_t first = 0;
  if (KH == 0) {
    for (; first + kVectors * kWidth<T> <= s.c; first += kVectors * kWidth<T>) {
      mean_vectors<T, kVectors>(x + first, rows, columns, row, s.c, count, y + first, AllLanes<T>{});
    }
  }
  for_channels<T>(
      s.c - first, spare, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        mean_vectors<T, 1>(x + first + i, rows, columns, row, s.c, count, y + first + i, lanes);
      });
}

template <class T>
void forward(const PoolShape& s, const T* x, T* y, int64_t begin, int64_t end) {
  const int64_t outputs = end * s.ow;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t r = i * s.sh - s.top;
    const Span p = inside(r, s.kh, s.h);
    for (int64_t j = 0; j < s.ow; ++j) {
      const int64_t column = j * s.sw - s.left;
      const Span q = inside(column, s.kw, s.w);
      const int64_t output = i * s.ow + j;
      const int64_t last_input = (r + p.end - 1) * s.w + column + q.end - 1;
      const int64_t y_spare = outputs - 1 - output;
      const int64_t x_spare = s.h * s.w - 1 - last_input;
      const int64_t spare = (y_spare < x_spare ? y_spare : x_spare) * s.c;
      const T* from = x + ((r + p.begin) * s.w + column + q.begin) * s.c;
      T* to = y + output * s.c;
      if (p.end - p.begin == 2 && q.end - q.begin == 2) {
        mean_pixel<T, 2, 2>(s, from, p, q, to, spare);
      } else if (p.end - p.begin == 3 && q.end - q.begin == 3) {
        mean_pixel<T, 3, 3>(s, from, p, q, to, spare);
      } else {
        mean_pixel<T, 0, 0>(s, from, p, q, to, spare);
      }
    }
  }
}

// One over the number of pixels inside the image of the window at (i, j). `whole` is that of a window without padding.
template <class T>
JUANJI_INLINE T weight(const PoolShape& s, int64_t i, int64_t j, T whole) {
  const Span p = inside(i * s.sh - s.top, s.kh, s.h);
  const Span q = inside(j * s.sw - s.left, s.kw, s.w);
  const int64_t count = (p.end - p.begin) * (q.end - q.begin);
  return count == s.kh * s.kw ? whole : T(1) / static_cast<T>(count);
}

// Whether no window of `w` along one axis reaches over the edge.
JUANJI_INLINE bool all_whole(Covering w, int64_t stride, int64_t before, int64_t size, int64_t limit) {
  return w.lo * stride >= before && w.hi * stride - before + size <= limit;
}

// dx of one input pixel, covered by the windows `rows` × `columns`.
template <class T>
JUANJI_INLINE void gradient_pixel(const PoolShape& s, const T* dy, Covering rows, Covering columns, T whole, T* dx,
                                  int64_t spare) {
  if (rows.lo == rows.hi && columns.lo == columns.hi) {  // the usual case: the loops over windows disappear
    const Vec<T> scale = broadcast<T>(weight(s, rows.lo, columns.lo, whole));
    const T* from = dy + (rows.lo * s.ow + columns.lo) * s.c;
    for_channels<T>(
        s.c, spare, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
          lanes.store(dx + c, lanes.load(from + c) * scale);
        });
    return;
  }
  if (all_whole(rows, s.sh, s.top, s.kh, s.h) && all_whole(columns, s.sw, s.left, s.kw, s.w)) {
    for_channels<T>(
        s.c, spare, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
          Vec<T> sum{};
          for (int64_t i = rows.lo; i <= rows.hi; ++i) {
            const T* from = dy + i * s.ow * s.c + c;
            for (int64_t j = columns.lo; j <= columns.hi; ++j) sum += lanes.load(from + j * s.c);
          }
          lanes.store(dx + c, sum * whole);
        });
    return;
  }
  for (int64_t i = rows.lo; i <= rows.hi; ++i) {
    for (int64_t j = columns.lo; j <= columns.hi; ++j) {
      const Vec<T> scale = broadcast<T>(weight(s, i, j, whole));
      const T* from = dy + (i * s.ow + j) * s.c;
      const bool first = i == rows.lo && j == columns.lo;
      for_vectors<T>(
          s.c, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
            const Vec<T> part = lanes.load(from + c) * scale;
            lanes.store(dx + c, first ? part : part + lanes.load(dx + c));
          });
    }
  }
}

// Gathers instead of scattering: every element of dx is written once, in memory order, whatever the windows overlap.
template <class T>
void gradient(const PoolShape& s, const T* dy, T* dx, int64_t begin, int64_t end) {
  const T whole = T(1) / static_cast<T>(s.kh * s.kw);
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
      gradient_pixel(s, dy, rows, columns, whole, to, (dx_spare < dy_spare ? dx_spare : dy_spare) * s.c);
    }
  }
}

}  // namespace

template <class T>
AveragePoolTable<T> average_pool() {
  return {&forward<T>, &gradient<T>};
}

template AveragePoolTable<float> average_pool<float>();
template AveragePoolTable<double> average_pool<double>();

}  // namespace juanji::kernels::JUANJI_ISA
