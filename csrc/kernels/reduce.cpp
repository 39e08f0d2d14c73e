#include "kernels/reduce.hpp"

#include "simd/map.hpp"
#include "simd/transpose.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

constexpr int64_t kChain = 16;     // additions in one accumulator before it is added to the total
constexpr int64_t kLongRow = 512;  // columns from which rows are read to their end
constexpr int kAccumulators = 4;   // independent chains: as many as an addition has cycles of latency

// Of vectors and of single numbers.
template <ReduceKind kKind, class V>
JUANJI_INLINE V combine(V total, V x) {
  if constexpr (kKind == ReduceKind::sum) return total + x;
  if constexpr (kKind == ReduceKind::prod) return total * x;
  if constexpr (kKind == ReduceKind::max) return (x > total) | (x != x) ? x : total;
  if constexpr (kKind == ReduceKind::min) return (x < total) | (x != x) ? x : total;
}

template <class T, ReduceKind kKind>
JUANJI_INLINE Vec<T> four_rows(Vec<T> a, Vec<T> b, Vec<T> c, Vec<T> d) {
  return combine<kKind>(combine<kKind>(a, b), combine<kKind>(c, d));
}

template <class T, ReduceKind kKind>
constexpr T kIdentity = kKind == ReduceKind::sum    ? T{0}
                        : kKind == ReduceKind::prod ? T{1}
                        : kKind == ReduceKind::max  ? -static_cast<T>(__builtin_inf())
                                                    : static_cast<T>(__builtin_inf());

template <class T, ReduceKind kKind>
JUANJI_INLINE T combine_lanes(Vec<T> v) {
  T lanes[kWidth<T>];
  store(lanes, v);
  for (int half = kWidth<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = combine<kKind>(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}

// The whole vectors of a row; `i` becomes the first element behind them.
template <class T, ReduceKind kKind>
JUANJI_INLINE Vec<T> reduce_vectors(const T* x, int64_t n, int64_t& i) {
  const Vec<T> identity = broadcast(kIdentity<T, kKind>);
  constexpr int64_t kStep = kAccumulators * kWidth<T>;
  Vec<T> total = identity;
  i = 0;
  while (i + kStep <= n) {
    const int64_t end = i + kChain * kStep < n ? i + kChain * kStep : n;
    Vec<T> a[kAccumulators] = {identity, identity, identity, identity};
    for (; i + kStep <= end; i += kStep) {
      for (int k = 0; k < kAccumulators; ++k) a[k] = combine<kKind>(a[k], load(x + i + k * kWidth<T>));
    }
    total = combine<kKind>(total, combine<kKind>(combine<kKind>(a[0], a[1]), combine<kKind>(a[2], a[3])));
  }
  for (; i + kWidth<T> <= n; i += kWidth<T>) total = combine<kKind>(total, load(x + i));
  return total;
}

template <class T, ReduceKind kKind>
T reduce_row(const T* x, int64_t n) {
  int64_t i = 0;
  T result = combine_lanes<T, kKind>(reduce_vectors<T, kKind>(x, n, i));
  for (; i < n; ++i) result = combine<kKind>(result, x[i]);
  return result;
}

// As many rows as a vector has lanes, each in its lane once its whole vectors are done: nothing waits for a sum across
// lanes, and short rows fill vectors. The bits are those of reduce_row.
template <class T, ReduceKind kKind>
void reduce_rows(const T* x, int64_t n, int64_t rows, T* y) {
  constexpr int W = kWidth<T>;
  int64_t r = 0;
  for (; r + W <= rows; r += W, x += W * n) {
    Vec<T> lanes[W];
    int64_t i = 0;
    if (n >= W) {
      for (int k = 0; k < W; ++k) lanes[k] = reduce_vectors<T, kKind>(x + k * n, n, i);
      transpose<T>(lanes);
      for (int half = W / 2; half > 0; half /= 2) {
        for (int k = 0; k < half; ++k) lanes[k] = combine<kKind>(lanes[k], lanes[k + half]);
      }
    } else {
      lanes[0] = broadcast(kIdentity<T, kKind>);
    }
    for (; i < n; ++i) {
      Vec<T> column{};
      for (int k = 0; k < W; ++k) column[k] = x[k * n + i];
      lanes[0] = combine<kKind>(lanes[0], column);
    }
    store(y + r, lanes[0]);
  }
  for (; r < rows; ++r, x += n) y[r] = reduce_row<T, kKind>(x, n);
}

// kVectors neighbouring columns of vectors; `tail` < width columns of the only one.
template <class T, ReduceKind kKind, int kVectors, bool kPartial>
JUANJI_INLINE void column_tile(const T* x, int64_t n, int64_t stride, T* y, int64_t tail) {
  Vec<T> total[kVectors];
  for (int k = 0; k < kVectors; ++k) total[k] = broadcast(kIdentity<T, kKind>);
  for (int64_t r = 0; r < n;) {
    const int64_t end = r + kChain < n ? r + kChain : n;
    Vec<T> a[kVectors];
    for (int k = 0; k < kVectors; ++k) a[k] = broadcast(kIdentity<T, kKind>);
    for (; r < end; ++r) {
      const T* row = x + r * stride;
      for (int k = 0; k < kVectors; ++k) {
        a[k] = combine<kKind>(a[k], kPartial ? load_partial(row, tail) : load(row + k * kWidth<T>));
      }
    }
    for (int k = 0; k < kVectors; ++k) total[k] = combine<kKind>(total[k], a[k]);
  }
  for (int k = 0; k < kVectors; ++k) {
    if (kPartial) {
      store_partial(y, total[k], tail);
    } else {
      store(y + k * kWidth<T>, total[k]);
    }
  }
}

// Many columns: rows are far apart, so they are read to their end, four at a time, with the totals in y. A tile of
// columns would jump from page to page instead.
template <class T, ReduceKind kKind>
void reduce_long_rows(const T* x, int64_t n, int64_t stride, int64_t cols, T* y) {
  int64_t r = n >= 4 ? 4 : 1;
  if (n >= 4) {
    map(
        cols, y, [](Vec<T> a, Vec<T> b, Vec<T> c, Vec<T> d) { return four_rows<T, kKind>(a, b, c, d); }, x, x + stride,
        x + 2 * stride, x + 3 * stride);
  } else {
    map(
        cols, y, [](Vec<T> v) { return v; }, x);
  }
  for (; r + 4 <= n; r += 4) {
    const T* row = x + r * stride;
    map(
        cols, y,
        [](Vec<T> total, Vec<T> a, Vec<T> b, Vec<T> c, Vec<T> d) {
          return combine<kKind>(total, four_rows<T, kKind>(a, b, c, d));
        },
        y, row, row + stride, row + 2 * stride, row + 3 * stride);
  }
  for (; r < n; ++r)
    map(
        cols, y, [](Vec<T> total, Vec<T> v) { return combine<kKind>(total, v); }, y, x + r * stride);
}

template <class T, ReduceKind kKind>
void reduce_columns(const T* x, int64_t n, int64_t stride, int64_t cols, T* y) {
  constexpr int64_t kTile = kAccumulators * kWidth<T>;
  if (cols >= kLongRow) return reduce_long_rows<T, kKind>(x, n, stride, cols, y);
  int64_t c = 0;
  for (; c + kTile <= cols; c += kTile) column_tile<T, kKind, kAccumulators, false>(x + c, n, stride, y + c, 0);
  for (; c + kWidth<T> <= cols; c += kWidth<T>) column_tile<T, kKind, 1, false>(x + c, n, stride, y + c, 0);
  if (c < cols) column_tile<T, kKind, 1, true>(x + c, n, stride, y + c, cols - c);
}

template <class T, bool kLargest>
JUANJI_INLINE bool replaces(T x, T best) {
  return (kLargest ? x > best : x < best) | ((x != x) & (best == best));
}

// One row: each lane of kChains vectors keeps its best element and where it was; the first of the best lanes wins.
template <class T, bool kLargest>
int32_t arg_row(const T* x, int64_t n) {
  constexpr int64_t W = kWidth<T>;
  constexpr int kChains = 2;
  T best = x[0];
  Int<T> at = 0;
  int64_t i = 1;
  if (n >= kChains * W) {
    using Indices = decltype(load(x) == load(x));
    Vec<T> lanes[kChains];
    Indices now[kChains], found[kChains];
    for (int k = 0; k < kChains; ++k) {
      lanes[k] = load(x + k * W);
      for (int64_t lane = 0; lane < W; ++lane) now[k][lane] = static_cast<Int<T>>(k * W + lane);
      found[k] = now[k];
    }
    for (i = kChains * W; i + kChains * W <= n; i += kChains * W) {
      for (int k = 0; k < kChains; ++k) {
        const Vec<T> v = load(x + i + k * W);
        now[k] += static_cast<Int<T>>(kChains * W);
        const Indices better = (kLargest ? v > lanes[k] : v < lanes[k]) | ((v != v) & (lanes[k] == lanes[k]));
        lanes[k] = better ? v : lanes[k];
        found[k] = better ? now[k] : found[k];
      }
    }
    for (int k = 0; k < kChains; ++k) {
      for (int64_t lane = 0; lane < W; ++lane) {
        const T v = lanes[k][lane];
        const bool same = (v == best) | ((v != v) & (best != best));
        if (replaces<T, kLargest>(v, best) || (same && found[k][lane] < at)) best = v, at = found[k][lane];
      }
    }
  }
  for (; i < n; ++i) {
    const bool better = replaces<T, kLargest>(x[i], best);
    best = better ? x[i] : best;
    at = better ? static_cast<Int<T>>(i) : at;
  }
  return static_cast<int32_t>(at);
}

template <class T, bool kLargest>
void arg_columns(const T* x, int64_t n, int64_t stride, int64_t cols, int32_t* y) {
  if (cols == 1 && stride == 1) {
    y[0] = arg_row<T, kLargest>(x, n);
    return;
  }
  constexpr int64_t kTile = 64;  // columns whose extremes stay in the first-level cache
  for (int64_t c = 0; c < cols; c += kTile) {
    const int64_t width = cols - c < kTile ? cols - c : kTile;
    T best[kTile];
    for (int64_t k = 0; k < width; ++k) {
      best[k] = x[c + k];
      y[c + k] = 0;
    }
    for (int64_t r = 1; r < n; ++r) {
      const T* row = x + r * stride + c;
      for (int64_t k = 0; k < width; ++k) {
        const bool better = replaces<T, kLargest>(row[k], best[k]);
        best[k] = better ? row[k] : best[k];
        y[c + k] = better ? static_cast<int32_t>(r) : y[c + k];
      }
    }
  }
}

}  // namespace

template <class T>
ReduceTable<T> reduce() {
  return {{&reduce_row<T, ReduceKind::sum>, &reduce_row<T, ReduceKind::prod>, &reduce_row<T, ReduceKind::max>,
           &reduce_row<T, ReduceKind::min>},
          {&reduce_rows<T, ReduceKind::sum>, &reduce_rows<T, ReduceKind::prod>, &reduce_rows<T, ReduceKind::max>,
           &reduce_rows<T, ReduceKind::min>},
          {&reduce_columns<T, ReduceKind::sum>, &reduce_columns<T, ReduceKind::prod>,
           &reduce_columns<T, ReduceKind::max>, &reduce_columns<T, ReduceKind::min>},
          &arg_columns<T, true>,
          &arg_columns<T, false>};
}

template ReduceTable<float> reduce<float>();
template ReduceTable<double> reduce<double>();

}  // namespace juanji::kernels::JUANJI_ISA
