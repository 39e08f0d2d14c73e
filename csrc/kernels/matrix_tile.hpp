// What the products by rows and by columns share: registers of B and C, and the multiplications of one k.
#pragma once

#include "kernels/matrix.hpp"
#include "kernels/tiling.hpp"
#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
void multiply_rows(const RowsProduct<T>& p);
template <class T>
void multiply_columns(const ColumnsProduct<T>& p);
template <class T>
void multiply_stream(const StreamProduct<T>& p);

// V vectors of a row. With Partial the last one holds `lanes` elements and memory behind them is not touched.
template <class T, int V, bool Partial>
JUANJI_INLINE void load_row(const T* from, int64_t lanes, Vec<T> (&row)[V]) {
#pragma GCC unroll 4
  for (int v = 0; v + 1 < V; ++v) row[v] = load(from + v * kWidth<T>);
  const T* last = from + (V - 1) * kWidth<T>;
  row[V - 1] = Partial ? load_partial(last, lanes) : load(last);
}

template <class T, int V, bool Partial>
JUANJI_INLINE void store_row(T* to, int64_t lanes, const Vec<T> (&row)[V]) {
#pragma GCC unroll 4
  for (int v = 0; v + 1 < V; ++v) store(to + v * kWidth<T>, row[v]);
  T* last = to + (V - 1) * kWidth<T>;
  if (Partial)
    store_partial(last, row[V - 1], lanes);
  else
    store(last, row[V - 1]);
}

// The cache lines under `elements` of a row, into L1 or, with Locality 2, into L2.
template <class T, int Locality = 3>
JUANJI_INLINE void prefetch_row(const T* row, int64_t elements) {
  for (int64_t i = 0; i < elements; i += kLine<T>) __builtin_prefetch(row + i, 0, Locality);
}

// Rows [begin, begin + count) of the memory ahead, as far as there are so many, into L2.
template <class T>
JUANJI_INLINE void prefetch_rows(const Ahead<T>& ahead, int64_t begin, int64_t count) {
  const int64_t end = begin + count < ahead.rows ? begin + count : ahead.rows;
  for (int64_t i = begin; i < end; ++i) prefetch_row<T, 2>(ahead.from + i * ahead.step, ahead.length);
}

// The compiler has this vector in a register here, and brings no load forward from behind. Products need every register
// there is: left alone, the compiler keeps a sum on the stack for loads of the next k, loads a vector of B once for
// each row, and lets sums change places with operands, which costs copies.
template <class V>
JUANJI_INLINE void keep_in_register([[maybe_unused]] V& vector) {
#if JUANJI_X86 && JUANJI_VECTOR_BYTES == 32  // other tiles leave registers free
  asm volatile("" : "+v"(vector) : : "memory");
#endif
}

// acc[r][v] += a(r) * b[v] for one k. The smaller side stays in registers, the other passes through one.
template <class T, int R, int V, bool Partial, class A>
JUANJI_INLINE void multiply_add(A a, const T* b, int64_t lanes, Vec<T> (&acc)[R][V]) {
  if constexpr (R < V) {
    Vec<T> va[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) va[r] = broadcast(a(r));
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const T* at = b + v * kWidth<T>;
      Vec<T> vb = Partial && v + 1 == V ? load_partial(at, lanes) : load(at);
      keep_in_register(vb);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        acc[r][v] += va[r] * vb;
        keep_in_register(acc[r][v]);
      }
      keep_in_register(vb);
    }
  } else {
    Vec<T> vb[V];
    load_row<T, V, Partial>(b, lanes, vb);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec<T> va = broadcast(a(r));
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] += va * vb[v];
    }
  }
}

// All rows of C: full tiles of R by `tiles.run<R>(row)`, and the last rows in two even parts, because a tile of one or
// two rows would wait for the FMA units, by `tiles.run_last<rows>(row)`.
template <int R, class Tiles>
JUANJI_INLINE void run_tile(const Tiles& tiles, int64_t row, int64_t rows) {
  if constexpr (R > 0) {
    if (rows == R)
      tiles.template run_last<R>(row);
    else
      run_tile<R - 1>(tiles, row, rows);
  }
}

template <int R, class Tiles>
JUANJI_INLINE void run_tiles(const Tiles& tiles, int64_t rows) {
  int64_t row = 0;
  for (; rows - row >= 2 * R || rows - row == R; row += R) tiles.template run<R>(row);
  const int64_t left = rows - row;
  const int64_t half = left <= R ? left : (left + 1) / 2;
  run_tile<R>(tiles, row, half);
  run_tile<R>(tiles, row + half, left - half);
}

// Calls panels.template run<V, Partial>(column, lanes) for every panel of C's columns: V vectors of which the last
// has `lanes` elements.
template <class T, int V, class Panels>
JUANJI_INLINE void run_panel(const Panels& panels, int64_t column, int64_t left) {
  constexpr int64_t W = kWidth<T>;
  if constexpr (V > 1) {
    if (left <= (V - 1) * W) return run_panel<T, V - 1>(panels, column, left);
  }
  if (left >= V * W)
    panels.template run<V, false>(column, W);
  else
    panels.template run<V, true>(column, left - (V - 1) * W);
}

template <class T, class Panels>
JUANJI_INLINE void run_panels(const Panels& panels, int64_t columns) {
  for (int64_t column = 0; column < columns; column += kPanel<T>) {
    run_panel<T, kTileVectors>(panels, column, columns - column);
  }
}

}  // namespace juanji::kernels::JUANJI_ISA
