#include <algorithm>
#include <type_traits>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/copy.hpp"
#include "kernels/matrix.hpp"
#include "ops/ahead.hpp"
#include "ops/gemm_parts.hpp"

// Aᵀ·B: weight gradients, where k counts pixels or samples and C is small. A task owns a block of C, which stays in L2,
// and walks over a piece of k a few rows of A and B at a time. Those of A are transposed, so that the product by rows
// serves, and a panel of B is packed when it is multiplied; meanwhile the next rows are asked for.

namespace juanji {
namespace {

constexpr int64_t kDepth = 128;         // rows of A and B at a time: a panel of B stays in L1
constexpr int64_t kRowBytes = 768;      // of A in a block of C
constexpr int64_t kColumnBytes = 1024;  // of B
constexpr int64_t kMostRows = kRowBytes / 4;
constexpr int64_t kGap = 16;  // elements between transposed rows, which would lie a power of two apart
constexpr int64_t kWantedTasks = 16;
constexpr int64_t kPartialBytes = int64_t{4} << 20;  // of all pieces' sums together

template <class T>
struct Walks {
  static constexpr auto kSize = static_cast<int64_t>(sizeof(T));

  const Gemm<T>& g;
  const kernels::MatrixTable<T>& kernel = kernels::matrix<T>();
  Cut rows;
  Cut columns;
  Cut pieces;

  explicit Walks(const Gemm<T>& gemm)
      : g(gemm),
        rows(g.m, kRowBytes / kSize, g.m * kSize > kRowBytes ? kernel.tile_rows : 1),
        columns(g.n, kColumnBytes / kSize, kernel.panel),
        pieces(g.k, ceil_div(g.k, piece_limit()), kDepth) {}

  int64_t piece_limit() const {
    const int64_t affordable = kPartialBytes / (g.m * g.n * kSize);
    const int64_t wanted = ceil_div(kWantedTasks, rows.count * columns.count);
    return std::clamp<int64_t>(std::min(wanted, affordable), 1, ceil_div(g.k, kDepth));
  }
  int64_t copy_step() const { return std::min(kDepth, g.k) + kGap; }
};

// A(k0 .. k0 + depth - 1, row ..) as rows of k.
template <class T>
void transpose_rows(const Walks<T>& walks, int64_t row, int64_t rows, int64_t k0, int64_t depth, T* to) {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  kernels::copy<Bits>().transpose(reinterpret_cast<const Bits*>(walks.g.a + k0 * walks.g.a_step + row), walks.g.a_step,
                                  reinterpret_cast<Bits*>(to), walks.copy_step(), rows, depth);
}

// Block (i, j) of C over a piece of k.
template <class T>
void run_task(const Walks<T>& walks, int64_t i, int64_t j, int64_t piece, T* c, int64_t c_step) {
  const Gemm<T>& g = walks.g;
  const kernels::MatrixTable<T>& kernel = walks.kernel;
  const int64_t row = walks.rows.begin(i), rows = walks.rows.length(i);
  const int64_t column = walks.columns.begin(j), columns = walks.columns.length(j);
  const int64_t panels = ceil_div(columns, kernel.panel);
  const int64_t half = std::min(rows, ceil_div(rows, 2 * kernel.tile_rows) * kernel.tile_rows);
  const Buffer copy(static_cast<size_t>(rows * walks.copy_step()) * sizeof(T));
  const Buffer packed(static_cast<size_t>(kDepth * kernel.panel) * sizeof(T));
  const T* a[kMostRows];
  T* at[kMostRows];
  for (int64_t r = 0; r < rows; ++r) {
    a[r] = copy.as<T>() + r * walks.copy_step();
    at[r] = c + (row + r) * c_step + column;
  }
  const int64_t begin = walks.pieces.begin(piece), end = begin + walks.pieces.length(piece);
  for (int64_t k = begin; k < end; k += kDepth) {
    const int64_t depth = std::min(kDepth, end - k), ahead = std::min(kDepth, end - k - depth);
    transpose_rows(walks, row, rows, k, depth, copy.as<T>());
    const kernels::Ahead<T> next_a{g.a + (k + depth) * g.a_step + row, g.a_step, ahead, rows};
    const kernels::Ahead<T> next_b{g.b + (k + depth) * g.b_step + column, g.b_step, ahead, columns};
    const kernels::Run run{0, 0, depth};
    const kernels::Start start = k > begin ? kernels::Start::accumulate : kernels::Start::zero;
    for (int64_t p = 0; p < panels; ++p) {
      const int64_t n = p * kernel.panel, width = std::min(kernel.panel, columns - n);
      kernel.pack(g.b + k * g.b_step + column + n, g.b_step, depth, width, packed.as<T>());
      const auto multiply = [&](int64_t first, int64_t count, const kernels::Ahead<T>& next) {
        kernel.multiply_rows({a + first, at + first, n, count, width, &run, 1, packed.as<T>(), 0, start, nullptr,
                              Activation::none, false, false, share(next, p, panels)});
      };
      multiply(0, half, next_a);
      if (half < rows) multiply(half, rows - half, next_b);
    }
  }
}

}  // namespace

template <class T>
void multiply_transposed(const Gemm<T>& g) {
  const Walks<T> walks(g);
  const int64_t pieces = walks.pieces.count;
  const Buffer partial(pieces == 1 ? 0 : static_cast<size_t>(pieces * g.m * g.n) * sizeof(T));
  const int64_t blocks = walks.rows.count * walks.columns.count;
  const double cost =
      2.0 * static_cast<double>(g.m * g.n * walks.pieces.size) / static_cast<double>(blocks) / kGemmFlopPerNanosecond;
  parallel_for(pieces * blocks, cost, [&](int64_t task, int) {
    const int64_t piece = task / blocks, block = task % blocks;
    run_task(walks, block / walks.columns.count, block % walks.columns.count, piece,
             pieces == 1 ? g.c : partial.as<T>() + piece * g.m * g.n, pieces == 1 ? g.c_step : g.n);
  });
  if (pieces > 1) add_pieces(g, partial.as<T>(), pieces);
}

template void multiply_transposed<float>(const Gemm<float>&);
template void multiply_transposed<double>(const Gemm<double>&);

}  // namespace juanji
