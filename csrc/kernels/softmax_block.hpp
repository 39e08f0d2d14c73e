// The softmax of a few rows together with what losses need of it. Only kernel files may include this.
#pragma once

#include "simd/lanes.hpp"
#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Up to this many classes, a row lies in one lane and as many rows as there are lanes are computed at once: with 10
// classes no lane idles and nothing is summed across lanes.
constexpr int64_t kNarrowClasses = 32;

// Per row of a block: exp(x - shift) / sum is the softmax.
template <class T>
struct RowSums {
  T shift[kWidth<T>];
  T sum[kWidth<T>];
};

template <class T>
JUANJI_INLINE void narrow_softmax(const T* x, T* y, int64_t rows, int64_t classes, RowSums<T>& out) {
  T columns[kNarrowClasses * kWidth<T>];  // class after class, one row a lane
  for (int64_t i = 0; i < classes * kWidth<T>; ++i) columns[i] = T{0};
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < classes; ++c) columns[c * kWidth<T> + r] = x[r * classes + c];
  }
  Vec<T> shift = broadcast(-static_cast<T>(__builtin_inf()));
  for (int64_t c = 0; c < classes; ++c) shift = max(load(columns + c * kWidth<T>), shift);
  Vec<T> sum = zero<T>();
  for (int64_t c = 0; c < classes; ++c) {
    const Vec<T> e = exp(load(columns + c * kWidth<T>) - shift);
    store(columns + c * kWidth<T>, e);
    sum += e;
  }
  const Vec<T> scale = T{1} / sum;
  for (int64_t c = 0; c < classes; ++c) store(columns + c * kWidth<T>, load(columns + c * kWidth<T>) * scale);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < classes; ++c) y[r * classes + c] = columns[c * kWidth<T> + r];
  }
  store(out.shift, shift);
  store(out.sum, sum);
}

// The largest lane; NaN if there is one. Halves first, so that few comparisons wait for each other.
template <class T>
JUANJI_INLINE T largest_lane(Vec<T> v) {
  T lanes[kWidth<T>];
  store(lanes, v);
  for (int half = kWidth<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      const T other = lanes[i + half];
      lanes[i] = (other > lanes[i]) | (other != other) ? other : lanes[i];
    }
  }
  return lanes[0];
}

// All rows go through each pass before the next one, so that none waits for the maximum or the sum of another.
template <class T>
JUANJI_INLINE void wide_softmax(const T* x, T* y, int64_t rows, int64_t classes, T* shift, T* sum) {
  const T lowest = -static_cast<T>(__builtin_inf());
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * classes;
    Vec<T> largest = broadcast(row[0]);
    for_vectors<T>(classes,
                   [&](int64_t i, auto lanes) { largest = max(filled(lanes.load(row + i), lowest, lanes), largest); });
    shift[r] = largest_lane<T>(largest);
  }
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * classes;
    T* out = y + r * classes;
    const T offset = shift[r];
    Vec<T> sums = zero<T>();
    for_vectors<T>(classes, [&](int64_t i, auto lanes) {
      const Vec<T> e = exp(lanes.load(row + i) - offset);
      lanes.store(out + i, e);
      sums += filled(e, T{0}, lanes);
    });
    sum[r] = sum_lanes<T>(sums);
  }
  for (int64_t r = 0; r < rows; ++r) {
    T* out = y + r * classes;
    const T scale = T{1} / sum[r];
    for_vectors<T>(classes, [&](int64_t i, auto lanes) { lanes.store(out + i, lanes.load(out + i) * scale); });
  }
}

constexpr int64_t kNearElements = 4096;  // of rows that stay in the first-level cache

// y = softmax of each row of x, for 1 to kWidth<T> rows. The result for a row does not depend on the other rows.
template <class T>
JUANJI_INLINE void softmax_block(const T* x, T* y, int64_t rows, int64_t classes, RowSums<T>& out) {
  if (classes <= kNarrowClasses) return narrow_softmax(x, y, rows, classes, out);
  for (int r = 0; r < kWidth<T>; ++r) out.shift[r] = T{0}, out.sum[r] = T{1};
  const int64_t step = rows * classes <= kNearElements ? rows : 1;
  for (int64_t r = 0; r < rows; r += step) {
    wide_softmax(x + r * classes, y + r * classes, step, classes, out.shift + r, out.sum + r);
  }
}

// body(first row, number of rows) for blocks of kWidth<T> rows.
template <class T, class F>
JUANJI_INLINE void for_blocks(int64_t rows, F body) {
  for (int64_t r = 0; r < rows; r += kWidth<T>) body(r, rows - r < kWidth<T> ? rows - r : kWidth<T>);
}

}  // namespace
}  // namespace juanji::kernels::JUANJI_ISA
