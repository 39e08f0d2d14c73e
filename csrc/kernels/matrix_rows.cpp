// C by rows: every row of C has its own pointer into A, B lies in packed panels.
#include "kernels/matrix_avx2.hpp"
#include "kernels/matrix_tile.hpp"
#include "simd/activate.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// What the tiles of a panel share. It is handed on by value: what nothing points to stays in registers from tile to
// tile, although the loops in assembly may write to any memory.
template <class T>
struct RowsPanel {
  const T* const* a;
  T* const* c;
  int64_t c_shift;  // from there to the panel's columns
  int64_t rows;
  int64_t lanes;  // columns in the last vector
  const T* b;
  const Run* runs;
  const Run* runs_end;
  const T* start;  // of all rows: the bias, or zeros
  bool adds_to_c;
  bool relu;
  bool relu6;  // as well as relu
  Ahead<T> ahead;
  int64_t ahead_share;  // of the rows ahead, for each tile
};

// Adds what C holds, applies ReLU and stores.
template <class T, int R, int V, bool Partial>
JUANJI_INLINE void finish(const RowsPanel<T>& p, T* const* c, Vec<T> (&acc)[R][V]) {
  if (p.adds_to_c) {  // at the end: rows of C may still be on their way from a far cache
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      Vec<T> before[V];
      load_row<T, V, Partial>(c[r] + p.c_shift, p.lanes, before);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] += before[v];
    }
  }
  if (p.relu) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] = max(zero<T>(), acc[r][v]);
    }
    if (p.relu6) {
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[r][v] = min(broadcast(T{6}), acc[r][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) store_row<T, V, Partial>(c[r] + p.c_shift, p.lanes, acc[r]);
}

// acc[r] += rows[r][begin + k] * b[k] over a run. With Far, what lies `ahead` elements behind is asked for.
template <class T, int R, int V, bool Far>
JUANJI_INLINE void add_run(const T* const* rows, int64_t begin, int64_t ahead, const T* b, int64_t length,
                           Vec<T> (&acc)[R][V]) {
  constexpr int64_t N = kPanel<T>;
  const auto ask = [&](int64_t k) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) __builtin_prefetch(rows[r] + begin + k + ahead);
  };
  int64_t k = 0;
  if constexpr (kLoopInAssembly<R, V>) {
    for (; Far && k + kLine<T> <= length; k += kLine<T>) {
      ask(k);
      add_rows(rows, begin + k, b + k * N, kLine<T>, acc);
    }
    add_rows(rows, begin + k, b + k * N, length - k, acc);
  } else {
    const T* a[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) a[r] = rows[r] + begin;
    for (; k + kUnroll <= length; k += kUnroll, b += kUnroll * N) {
      if (Far && k % kLine<T> == 0) ask(k);
#pragma GCC unroll 4
      for (int u = 0; u < kUnroll; ++u) {
        multiply_add<T, R, V, false>([&](int r) { return a[r][k + u]; }, b + u * N, kWidth<T>, acc);
      }
    }
    for (; k < length; ++k, b += N) multiply_add<T, R, V, false>([&](int r) { return a[r][k]; }, b, kWidth<T>, acc);
  }
}

// One tile of C: R rows, V vectors of columns. Partial: the last vector has `lanes` columns (panels of B are whole).
// With Far, the rows of A that the next tile reads are asked for, `ahead` elements behind this one's.
template <class T, int R, int V, bool Partial, bool Far>
JUANJI_INLINE void rows_tile(const RowsPanel<T>& p, int64_t row) {
  T* const* c = p.c + row;
  Vec<T> acc[R][V];
  load_row<T, V, Partial>(p.start, p.lanes, acc[0]);
#pragma GCC unroll 16
  for (int r = 1; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) acc[r][v] = acc[0][v];
  }
  if (p.adds_to_c) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) prefetch_row(c[r] + p.c_shift, V * kWidth<T>);
  }
  const int64_t ahead = Far && row + 2 * R <= p.rows ? p.a[row + R] - p.a[row] : 0;
  for (const Run* run = p.runs; run != p.runs_end; ++run) {
    add_run<T, R, V, Far>(p.a + row, run->a, ahead, p.b + run->b, run->length, acc);
  }
  finish<T, R, V, Partial>(p, c, acc);
}

// The tiles behind the last whole one: a function, which panels with and without Far share.
template <class T, int R, int V, bool Partial>
void last_tile(RowsPanel<T> p, int64_t row) {
  rows_tile<T, R, V, Partial, false>(p, row);
}

template <class T, int V, bool Partial, bool Far>
struct RowTiles {
  RowsPanel<T> p;

  JUANJI_INLINE_MEMBER void ask(int64_t row) const {
    if (p.ahead_share > 0) prefetch_rows(p.ahead, row / tile_rows(V) * p.ahead_share, p.ahead_share);
  }

  template <int R>
  JUANJI_INLINE_MEMBER void run(int64_t row) const {
    ask(row);
    rows_tile<T, R, V, Partial, Far>(p, row);
  }

  template <int R>
  JUANJI_INLINE_MEMBER void run_last(int64_t row) const {
    ask(row);
    last_tile<T, R, V, Partial>(p, row);
  }
};

template <class T>
constexpr T kZeros[kPanel<T>] = {};

template <class T, int V, bool Partial, bool Far>
void rows_panel(const RowsProduct<T>& p, int64_t column, int64_t lanes, const T* b, const Ahead<T>& ahead) {
  const int64_t share = ahead.rows == 0 ? 0 : ahead.rows * tile_rows(V) / p.rows + 1;
  const bool bias = p.start == Start::bias || p.start == Start::both;
  const bool adds_to_c = p.start == Start::accumulate || p.start == Start::both;
  const bool relu6 = p.activation == Activation::relu6;
  const RowTiles<T, V, Partial, Far> tiles{{p.a, p.c, p.c_shift + column, p.rows, lanes, b, p.runs,
                                            p.runs + p.run_count, bias ? p.bias + column : kZeros<T>, adds_to_c,
                                            p.activation == Activation::relu || relu6, relu6, ahead, share}};
  run_tiles<tile_rows(V)>(tiles, p.rows);
}

template <class T>
struct RowPanels {
  const RowsProduct<T>& p;

  template <int V, bool Partial>
  void run(int64_t column, int64_t lanes) const {
    const T* b = p.b + column / kPanel<T> * p.panel_step;
    Ahead<T> next = p.ahead;
    if (column + kPanel<T> < p.columns && p.run_count > 0) {
      const int64_t first = p.runs[0].b;
      const Run& last = p.runs[p.run_count - 1];
      next = {b + p.panel_step + first, kPanel<T>, p.far_b ? (last.b - first) / kPanel<T> + last.length : 0, kPanel<T>};
    }
    if (p.far_a && column == 0)
      rows_panel<T, V, Partial, true>(p, column, lanes, b, next);
    else
      rows_panel<T, V, Partial, false>(p, column, lanes, b, next);
  }
};

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

}  // namespace

template <class T>
void multiply_rows(const RowsProduct<T>& p) {
  run_panels<T>(RowPanels<T>{p}, p.columns);
  if (p.activation == Activation::sigmoid || p.activation == Activation::tanh) activate_rows(p);
}

template void multiply_rows<float>(const RowsProduct<float>&);
template void multiply_rows<double>(const RowsProduct<double>&);

}  // namespace juanji::kernels::JUANJI_ISA
