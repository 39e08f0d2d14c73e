// C by columns: the rows of C are contiguous in A, and k steps from pixel to pixel.
#include "kernels/matrix_avx2.hpp"
#include "kernels/matrix_tile.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T, int R, int V, bool Partial>
void columns_tile(const ColumnsProduct<T>& p, int64_t row, int64_t column, int64_t lanes) {
  Vec<T> acc[R][V] = {};
  T* c = p.c + row * p.c_step + column;
  if (row + 2 * R <= p.rows) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) prefetch_row(c + (R + r) * p.c_step, V * kWidth<T>);
  }
  const int64_t a_step = p.a_step, b_step = p.b_step;  // copies, which stay in registers
  for (const Run* run = p.runs; run != p.runs + p.run_count; ++run) {
    const T* a = p.a + run->a + row;
    const T* b = p.b + run->b + column;
    if constexpr (kLoopInAssembly<R, V> && !Partial) {
      add_columns(a, a_step, b, b_step, run->length, acc);
    } else {
      for (int64_t k = run->length; k > 0; --k, a += a_step, b += b_step) {
        multiply_add<T, R, V, Partial>([&](int r) { return a[r]; }, b, lanes, acc);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    if (p.accumulate) {  // at the end: shorter sums have smaller rounding errors
      Vec<T> before[V];
      load_row<T, V, Partial>(c + r * p.c_step, lanes, before);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] += before[v];
    }
    store_row<T, V, Partial>(c + r * p.c_step, lanes, acc[r]);
  }
}

template <class T, int V, bool Partial>
struct ColumnTiles {
  const ColumnsProduct<T>& p;
  int64_t column;
  int64_t lanes;
  int64_t first_tile;    // of the panel
  const int64_t* share;  // of the rows ahead, for each tile

  template <int R>
  void run(int64_t row) const {
    for (int i = 0; i < 2; ++i) {
      if (share[i] > 0) prefetch_rows(p.ahead[i], (first_tile + row / tile_rows(V)) * share[i], share[i]);
    }
    columns_tile<T, R, V, Partial>(p, row, column, lanes);
  }

  template <int R>
  void run_last(int64_t row) const {
    run<R>(row);
  }
};

template <class T>
struct ColumnPanels {
  const ColumnsProduct<T>& p;
  int64_t share[2];

  explicit ColumnPanels(const ColumnsProduct<T>& product) : p(product) {
    const int64_t tiles = ((p.columns + kPanel<T> - 1) / kPanel<T>)*panel_tiles();
    for (int i = 0; i < 2; ++i) share[i] = p.ahead[i].rows == 0 ? 0 : (p.ahead[i].rows + tiles - 1) / tiles;
  }
  int64_t panel_tiles() const { return p.rows / tile_rows(kTileVectors) + 1; }

  template <int V, bool Partial>
  void run(int64_t column, int64_t lanes) const {
    const int64_t first_tile = column / kPanel<T> * panel_tiles();
    run_tiles<tile_rows(V)>(ColumnTiles<T, V, Partial>{p, column, lanes, first_tile, share}, p.rows);
  }
};

}  // namespace

template <class T>
void multiply_columns(const ColumnsProduct<T>& p) {
  run_panels<T>(ColumnPanels<T>(p), p.columns);
}

template void multiply_columns<float>(const ColumnsProduct<float>&);
template void multiply_columns<double>(const ColumnsProduct<double>&);

}  // namespace juanji::kernels::JUANJI_ISA
