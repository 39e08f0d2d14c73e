#include "ops/gemm.hpp"

#include <algorithm>
#include <cstring>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "ops/gemm_parts.hpp"

namespace juanji {
namespace {

constexpr int64_t kSplitTasks = 8;       // with fewer blocks of C than this, a deep product is also cut along k
constexpr int64_t kSplitDepth = 1024;    // shortest piece of such a cut
constexpr int64_t kTransposedRows = 48;  // of C, and columns, and a depth that make up for transposing A
constexpr int64_t kTransposedColumns = 96;
constexpr int64_t kTransposedDepth = 192;

template <class T>
void fill_without_depth(const Gemm<T>& g) {
  for (int64_t i = 0; i < g.m; ++i) {
    for (int64_t j = 0; j < g.n; ++j) {
      const T value = g.bias == nullptr ? T(0) : g.bias[j];
      g.c[i * g.c_step + j] = value;
    }
    activate_row(g, g.c + i * g.c_step);
  }
}

// A small C from a deep k: pieces of k in parallel, each of whole blocks, then added in a fixed order.
template <class T>
void multiply_split(const Gemm<T>& g) {
  const int64_t block = depth_block(g);
  const Cut pieces(g.k, std::max(kSplitDepth, ceil_div(g.k, 2 * kSplitTasks)), block);
  const Buffer partial(static_cast<size_t>(g.m * g.n * pieces.count) * sizeof(T));
  const double cost = 2.0 * static_cast<double>(g.m * g.n * pieces.size) / kGemmFlopPerNanosecond;
  parallel_for(pieces.count, cost, [&](int64_t i, int) {
    Gemm<T> piece = g;
    const int64_t k0 = pieces.begin(i);
    piece.k = pieces.length(i);
    piece.depth_block = block;
    piece.a += g.a_transposed ? k0 * g.a_step : k0;
    if (g.packed_b != nullptr)
      piece.packed_b += packed_size<T>(k0, g.n);
    else
      piece.b += g.b_transposed ? k0 : k0 * g.b_step;
    piece.c = partial.as<T>() + i * g.m * g.n;
    piece.c_step = g.n;
    if (i > 0) piece.bias = nullptr;
    piece.activation = Activation::none;
    multiply_blocks(piece);
  });
  add_pieces(g, partial.as<T>(), pieces.count);
}

}  // namespace

bool pays_to_transpose(int64_t m, int64_t n, int64_t k) {
  return m >= kTransposedRows && n >= kTransposedColumns && k >= kTransposedDepth;
}

// A product without inner dimension applies the activation to rows of C: the tile kernel does exactly that.
template <class T>
void activate_row(const Gemm<T>& g, T* row) {
  if (g.activation == Activation::none) return;
  kernels::RowsProduct<T> p{};
  p.c = &row;
  p.rows = 1;
  p.columns = g.n;
  p.start = kernels::Start::accumulate;
  p.activation = g.activation;
  kernels::matrix<T>().multiply_rows(p);
}

template <class T>
void add_pieces(const Gemm<T>& g, const T* pieces, int64_t count) {
  parallel_ranges(g.m, 64, static_cast<double>(g.n * count), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* c = g.c + row * g.c_step;
      std::memcpy(c, pieces + row * g.n, static_cast<size_t>(g.n) * sizeof(T));
      for (int64_t i = 1; i < count; ++i) {
        const T* add = pieces + (i * g.m + row) * g.n;
        for (int64_t j = 0; j < g.n; ++j) c[j] += add[j];
      }
      activate_row(g, c);
    }
  });
}

template <class T>
void gemm(const Gemm<T>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.k <= 0) return fill_without_depth(g);
  if (g.m <= kernels::kStreamRows && g.packed_b == nullptr) return multiply_streamed(g);
  if (g.a_transposed && !g.b_transposed && pays_to_transpose(g.m, g.n, g.k)) return multiply_transposed(g);
  if (g.k >= 2 * kSplitDepth && block_count(g) < kSplitTasks) return multiply_split(g);
  multiply_blocks(g);
}

template void gemm<float>(const Gemm<float>&);
template void gemm<double>(const Gemm<double>&);
template void add_pieces<float>(const Gemm<float>&, const float*, int64_t);
template void add_pieces<double>(const Gemm<double>&, const double*, int64_t);
template void activate_row<float>(const Gemm<float>&, float*);
template void activate_row<double>(const Gemm<double>&, double*);

}  // namespace juanji
