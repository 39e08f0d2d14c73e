#include "kernels/matrix.hpp"

#include "kernels/tiling.hpp"
#include "simd/activate.hpp"
#include "simd/transpose.hpp"
#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// B's registers of one k. With Partial the last vector holds `lanes` columns and memory behind them is not touched.
template <class T, int V, bool Partial>
JUANJI_INLINE void load_row(const T* b, int64_t lanes, Vec<T> (&row)[V]) {
  for (int v = 0; v + 1 < V; ++v) row[v] = load(b + v * kWidth<T>);
  const T* last = b + (V - 1) * kWidth<T>;
  row[V - 1] = Partial ? load_partial(last, lanes) : load(last);
}

template <class T, int V>
JUANJI_INLINE void store_row(T* c, int64_t lanes, const Vec<T> (&row)[V]) {
  for (int v = 0; v + 1 < V; ++v) store(c + v * kWidth<T>, row[v]);
  T* last = c + (V - 1) * kWidth<T>;
  if (lanes == kWidth<T>) {
    store(last, row[V - 1]);
  } else {
    store_partial(last, row[V - 1], lanes);
  }
}

// One tile of C with A by rows: R rows, V vectors of columns, of which the last has `lanes`.
template <class T, int R, int V, bool Partial>
void rows_tile(const RowsProduct<T>& p, int64_t row, int64_t column, const T* b, int64_t lanes) {
  Vec<T> acc[R][V];
  T* c[R];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) c[r] = p.c[row + r] + p.c_shift + column;
  Vec<T> first[V] = {};
  if (p.start == Start::bias) load_row<T, V, true>(p.bias + column, lanes, first);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    if (p.start == Start::accumulate) __builtin_prefetch(c[r], 1);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) acc[r][v] = first[v];
  }
  for (const Run* run = p.runs; run != p.runs + p.run_count; ++run) {
    const T* a[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) a[r] = p.a[row + r] + run->a;
    const T* b_row = b + run->b;
    for (int64_t k = 0; k < run->length; ++k, b_row += p.b_step) {
      Vec<T> vb[V];
      load_row<T, V, Partial>(b_row, lanes, vb);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const Vec<T> va = broadcast(a[r][k]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[r][v] += va * vb[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    if (p.start == Start::accumulate) {  // at the end: rows of C may still be on their way from a far cache
      Vec<T> before[V];
      if (lanes == kWidth<T>)
        load_row<T, V, false>(c[r], lanes, before);
      else
        load_row<T, V, true>(c[r], lanes, before);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] += before[v];
    }
    if (p.activation == Activation::relu) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] = max(zero<T>(), acc[r][v]);
    }
    store_row<T, V>(c[r], lanes, acc[r]);
  }
}

// All rows for one panel, in tiles of R rows and then in smaller ones.
template <class T, int R, int V, bool Partial>
JUANJI_INLINE int64_t rows_of(const RowsProduct<T>& p, int64_t row, int64_t column, const T* b, int64_t lanes) {
  for (; row + R <= p.rows; row += R) rows_tile<T, R, V, Partial>(p, row, column, b, lanes);
  return row;
}

template <class T, int V, bool Partial>
void rows_panel(const RowsProduct<T>& p, int64_t column, const T* b, int64_t lanes) {
  int64_t row = rows_of<T, kTileRows, V, Partial>(p, 0, column, b, lanes);
  if constexpr (kTileRows > 4) row = rows_of<T, 4, V, Partial>(p, row, column, b, lanes);
  row = rows_of<T, 2, V, Partial>(p, row, column, b, lanes);
  rows_of<T, 1, V, Partial>(p, row, column, b, lanes);
}

// Activations that would crowd the accumulators out of the registers are applied to the finished rows.
template <class T>
void activate_rows(const RowsProduct<T>& p) {
  for (int64_t r = 0; r < p.rows; ++r) {
    T* c = p.c[r] + p.c_shift;
    int64_t i = 0;
    for (; i + kWidth<T> <= p.columns; i += kWidth<T>) store(c + i, activate<T>(p.activation, load(c + i)));
    if (i < p.columns)
      store_partial(c + i, activate<T>(p.activation, load_partial(c + i, p.columns - i)), p.columns - i);
  }
}

template <class T>
void multiply_rows(const RowsProduct<T>& p) {
  constexpr int64_t W = kWidth<T>;
  constexpr int64_t N = kPanel<T>;
  const T* b = p.b;
  for (int64_t column = 0; column < p.columns; column += N, b += p.panel_step) {
    const int64_t left = p.columns - column;
    const int64_t lanes = left >= N ? W : (left - 1) % W + 1;  // of the last vector
    const bool partial = !p.packed && lanes < W;
    if (left > W) {
      if (partial)
        rows_panel<T, 2, true>(p, column, b, lanes);
      else
        rows_panel<T, 2, false>(p, column, b, lanes);
    } else {
      if (partial)
        rows_panel<T, 1, true>(p, column, b, lanes);
      else
        rows_panel<T, 1, false>(p, column, b, lanes);
    }
  }
  if (p.activation == Activation::sigmoid || p.activation == Activation::tanh) activate_rows(p);
}

// One tile of C with A by columns.
template <class T, int R, int V, bool Partial>
void columns_tile(const ColumnsProduct<T>& p, int64_t row, int64_t column, int64_t lanes) {
  Vec<T> acc[R][V] = {};
  T* c = p.c + row * p.c_step + column;
  if (p.accumulate) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) load_row<T, V, Partial>(c + r * p.c_step, lanes, acc[r]);
  }
  for (const Run* run = p.runs; run != p.runs + p.run_count; ++run) {
    const T* a = p.a + run->a + row;
    const T* b = p.b + run->b + column;
    for (int64_t k = 0; k < run->length; ++k, a += p.a_step, b += p.b_step) {
      Vec<T> vb[V];
      load_row<T, V, Partial>(b, lanes, vb);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const Vec<T> va = broadcast(a[r]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[r][v] += va * vb[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) store_row<T, V>(c + r * p.c_step, lanes, acc[r]);
}

// A tile of `rows` <= R rows: one instance per count.
template <class T, int R, int V, bool Partial>
void columns_rest(const ColumnsProduct<T>& p, int64_t row, int64_t rows, int64_t column, int64_t lanes) {
  if constexpr (R > 0) {
    if (rows == R)
      columns_tile<T, R, V, Partial>(p, row, column, lanes);
    else
      columns_rest<T, R - 1, V, Partial>(p, row, rows, column, lanes);
  }
}

template <class T, int V, bool Partial>
void columns_panel(const ColumnsProduct<T>& p, int64_t column, int64_t lanes) {
  int64_t row = 0;
  for (; p.rows - row >= 2 * kTileRows; row += kTileRows) columns_tile<T, kTileRows, V, Partial>(p, row, column, lanes);
  // The last rows in two halves: a tile of 1 or 2 rows would wait for the FMA units.
  const int64_t left = p.rows - row;
  const int64_t half = left <= kTileRows ? left : (left + 1) / 2;
  columns_rest<T, kTileRows, V, Partial>(p, row, half, column, lanes);
  columns_rest<T, kTileRows, V, Partial>(p, row + half, left - half, column, lanes);
}

template <class T>
void multiply_columns(const ColumnsProduct<T>& p) {
  constexpr int64_t W = kWidth<T>;
  constexpr int64_t N = kPanel<T>;
  for (int64_t column = 0; column < p.columns; column += N) {
    const int64_t left = p.columns - column;
    const int64_t lanes = left >= N ? W : (left - 1) % W + 1;
    if (left > W) {
      if (lanes < W)
        columns_panel<T, 2, true>(p, column, lanes);
      else
        columns_panel<T, 2, false>(p, column, lanes);
    } else {
      if (lanes < W)
        columns_panel<T, 1, true>(p, column, lanes);
      else
        columns_panel<T, 1, false>(p, column, lanes);
    }
  }
}

template <class T>
void pack(const T* b, int64_t b_step, int64_t depth, int64_t columns, T* dst) {
  constexpr int64_t N = kPanel<T>;
  constexpr int64_t kAhead = 12;  // rows of B lie far apart: the hardware does not foresee the next ones
  for (int64_t k = 0; k < depth; ++k, b += b_step, dst += N) {
    if (k + kAhead < depth) {
      for (int64_t n = 0; n < columns; n += 64 / static_cast<int64_t>(sizeof(T))) {
        __builtin_prefetch(b + kAhead * b_step + n);
      }
    }
    if (columns == N) {
      for (int64_t n = 0; n < N; n += kWidth<T>) store(dst + n, load(b + n));
    } else {
      for (int64_t n = 0; n < N; ++n) dst[n] = n < columns ? b[n] : T(0);
    }
  }
}

template <class T>
void pack_transposed(const T* b, int64_t b_step, int64_t depth, int64_t columns, T* dst) {
  constexpr int64_t N = kPanel<T>;
  constexpr int64_t W = kWidth<T>;
  int64_t whole = 0;  // k below which full blocks were transposed in registers
  for (; columns == N && whole + W <= depth; whole += W) {
    for (int64_t n = 0; n < N; n += W) {
      Vec<T> block[W];
#pragma GCC unroll 16
      for (int64_t i = 0; i < W; ++i) block[i] = load(b + (n + i) * b_step + whole);
      transpose<T>(block);
#pragma GCC unroll 16
      for (int64_t i = 0; i < W; ++i) store(dst + (whole + i) * N + n, block[i]);
    }
  }
  b += whole;
  dst += whole * N;
  depth -= whole;
  constexpr int64_t kBlock = 16;  // cache lines of dst that are written together
  for (int64_t k0 = 0; k0 < depth; k0 += kBlock) {
    const int64_t k1 = k0 + kBlock < depth ? k0 + kBlock : depth;
    for (int64_t n = 0; n < columns; ++n) {
      const T* row = b + n * b_step;
      for (int64_t k = k0; k < k1; ++k) dst[k * N + n] = row[k];
    }
    for (int64_t n = columns; n < N; ++n) {
      for (int64_t k = k0; k < k1; ++k) dst[k * N + n] = T(0);
    }
  }
}

}  // namespace

template <class T>
MatrixTable<T> matrix() {
  return {kTileRows, kPanel<T>, &multiply_rows<T>, &multiply_columns<T>, &pack<T>, &pack_transposed<T>};
}

template MatrixTable<float> matrix<float>();
template MatrixTable<double> matrix<double>();

}  // namespace juanji::kernels::JUANJI_ISA
