// Products with very few rows of A: B passes by once, as it lies in memory, and is not worth packing.
#include "kernels/matrix_tile.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// c[m][n] += a[m][u] * b[u][n] for U successive rows of B, V vectors of C at a time. The rows behind them are asked
// for: the hardware does not look ahead from one row to those that follow U rows later.
template <class T, int M, int U, int V, bool Partial>
JUANJI_INLINE void add_vectors(const StreamProduct<T>& p, const Vec<T> (&a)[M][U], const T* b, int64_t n,
                               int64_t lanes) {
  Vec<T> acc[M][V];
#pragma GCC unroll 4
  for (int m = 0; m < M; ++m) load_row<T, V, Partial>(p.c + m * p.c_step + n, lanes, acc[m]);
#pragma GCC unroll 4
  for (int u = 0; u < U; ++u) {
    Vec<T> vb[V];
    load_row<T, V, Partial>(b + u * p.b_step + n, lanes, vb);
    if (U > 1) prefetch_row(b + (U + u) * p.b_step + n, V * kWidth<T>);
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[m][v] += a[m][u] * vb[v];
    }
  }
#pragma GCC unroll 4
  for (int m = 0; m < M; ++m) store_row<T, V, Partial>(p.c + m * p.c_step + n, lanes, acc[m]);
}

template <class T, int M, int U>
JUANJI_INLINE void add_rows(const StreamProduct<T>& p, int64_t k) {
  constexpr int V = M < 4 ? 2 : 1;
  constexpr int64_t W = kWidth<T>;
  Vec<T> a[M][U];
#pragma GCC unroll 4
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) a[m][u] = broadcast(p.a[m * p.a_step + k + u]);
  }
  const T* b = p.b + k * p.b_step;
  int64_t n = 0;
  for (; n + V * W <= p.columns; n += V * W) add_vectors<T, M, U, V, false>(p, a, b, n, W);
  for (; n < p.columns; n += W) add_vectors<T, M, U, 1, true>(p, a, b, n, p.columns - n < W ? p.columns - n : W);
}

// As many rows of B at a time as leave room for their factors in the registers.
template <class T, int M>
void stream_rows(const StreamProduct<T>& p) {
  constexpr int U = M < 3 ? 4 : 2;
  int64_t k = 0;
  for (; k + U <= p.depth; k += U) add_rows<T, M, U>(p, k);
  for (; k < p.depth; ++k) add_rows<T, M, 1>(p, k);
}

// c[m][n] += sum over k of a[m][k] * b[n][k] for S successive n.
template <class T, int M, int S>
JUANJI_INLINE void add_dots(const StreamProduct<T>& p, int64_t n) {
  Vec<T> acc[M][S] = {};
  const T* b = p.b + n * p.b_step;
  int64_t k = 0;
  const auto step = [&](auto load_vector) {
    Vec<T> va[M];
#pragma GCC unroll 4
    for (int m = 0; m < M; ++m) va[m] = load_vector(p.a + m * p.a_step + k);
#pragma GCC unroll 8
    for (int s = 0; s < S; ++s) {
      const Vec<T> vb = load_vector(b + s * p.b_step + k);
#pragma GCC unroll 4
      for (int m = 0; m < M; ++m) acc[m][s] += va[m] * vb;
    }
  };
  for (; k + kWidth<T> <= p.depth; k += kWidth<T>) step([](const T* from) { return load(from); });
  if (k < p.depth) step([&](const T* from) { return load_partial(from, p.depth - k); });
  for (int m = 0; m < M; ++m) {
    for (int s = 0; s < S; ++s) p.c[m * p.c_step + n + s] += sum_lanes<T>(acc[m][s]);
  }
}

template <class T, int M>
void stream_dots(const StreamProduct<T>& p) {
  constexpr int S = 8 / M;
  int64_t n = 0;
  for (; n + S <= p.columns; n += S) add_dots<T, M, S>(p, n);
  for (; n < p.columns; ++n) add_dots<T, M, 1>(p, n);
}

template <class T, int M>
void stream(const StreamProduct<T>& p) {
  if constexpr (M > 1) {
    if (p.rows < M) return stream<T, M - 1>(p);
  }
  if (p.b_transposed)
    stream_dots<T, M>(p);
  else
    stream_rows<T, M>(p);
}

}  // namespace

template <class T>
void multiply_stream(const StreamProduct<T>& p) {
  stream<T, kStreamRows>(p);
}

template void multiply_stream<float>(const StreamProduct<float>&);
template void multiply_stream<double>(const StreamProduct<double>&);

}  // namespace juanji::kernels::JUANJI_ISA
