// Register-tiled matrix products: the loops under dense layers, matmul and all passes of a convolution.
//
//   C[m][n] (+)= sum over k of A(m, k) · B(k, n)
//
// Two ways of holding A serve everything without packing it:
//   by rows     each row of C has its own pointer into A, and k runs contiguously behind it, in a few runs: an output
//               pixel of a convolution is KH runs of KW·C elements of the input (im2col without im2col).
//   by columns  the rows of C are contiguous in A, and k steps over pixels: weight gradients, Aᵀ·B.
// By rows, B comes packed in panels of `panel` columns (see pack); by columns, it is read where it is.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// k = 0 .. length-1 of one stretch; a and b are the offsets (in elements) of its first element.
struct Run {
  int64_t a;
  int64_t b;
  int64_t length;
};

// What C's tile begins with; `both` is the bias and what C holds.
enum class Start { zero, bias, accumulate, both };

// Memory that the next product will read, asked for during this one: rows of `length` elements, `step` apart.
template <class T>
struct Ahead {
  const T* from = nullptr;
  int64_t step = 0;
  int64_t rows = 0;
  int64_t length = 0;
};

template <class T>
struct RowsProduct {
  const T* const* a;  // [rows] where each row's runs are counted from
  T* const* c;        // [rows] where each row of C begins
  int64_t c_shift;    // first column of this product within the rows of C
  int64_t rows;
  int64_t columns;
  const Run* runs;  // run.b counts from the start of a panel
  int64_t run_count;
  const T* b;
  int64_t panel_step;  // elements from one panel to the next
  Start start;
  const T* bias;          // [columns] for Start::bias and Start::both
  Activation activation;  // applied to C at the end
  bool far_a = false;     // A does not lie in a near cache: its rows are asked for a tile ahead
  bool far_b = false;     // nor does B: a panel ahead
  Ahead<T> ahead = {};    // in place of a panel behind the last one
};

template <class T>
struct ColumnsProduct {
  const T* a;  // element (m, k) of a run at a[run.a + m + k * a_step]
  int64_t a_step;
  const T* b;  // element (k, n) at b[run.b + n + k * b_step]
  int64_t b_step;
  T* c;  // element (m, n) at c[m * c_step + n]
  int64_t c_step;
  int64_t rows;
  int64_t columns;
  const Run* runs;
  int64_t run_count;
  bool accumulate;         // C is added to the finished sums
  Ahead<T> ahead[2] = {};  // asked for in equal shares by the tiles of C
};

// At most kStreamRows rows of A: C(m, n) += sum over k of A(m, k) · B(k, n), B read once and where it is.
constexpr int kStreamRows = 4;

template <class T>
struct StreamProduct {
  const T* a;  // element (m, k) at a[m * a_step + k]
  int64_t a_step;
  const T* b;  // element (k, n) at b[k * b_step + n], or at b[n * b_step + k] if b_transposed
  int64_t b_step;
  bool b_transposed;
  T* c;
  int64_t c_step;
  int64_t rows;
  int64_t columns;
  int64_t depth;
};

template <class T>
struct MatrixTable {
  int64_t tile_rows;  // rows of a register tile
  int64_t panel;      // columns of a register tile and of a packed panel
  int64_t width;      // of a vector: columns that are no multiple cost masked loads and stores

  void (*multiply_rows)(const RowsProduct<T>& p);
  void (*multiply_columns)(const ColumnsProduct<T>& p);
  void (*multiply_stream)(const StreamProduct<T>& p);

  // Packs up to `panel` columns of B for k = 0..depth-1 into dst[depth][panel], padded with zeros.
  void (*pack)(const T* b, int64_t b_step, int64_t depth, int64_t columns, T* dst);  // B(k, n) = b[k * b_step + n]
  void (*pack_transposed)(const T* b, int64_t b_step, int64_t depth, int64_t columns, T* dst);  // b[n * b_step + k]
};

JUANJI_KERNEL_FAMILY(MatrixTable, matrix)

}  // namespace juanji::kernels
