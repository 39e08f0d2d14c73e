#include <algorithm>
#include <cstring>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "ops/gemm_parts.hpp"

// With one to four rows of A nothing is used often enough to be packed: the product takes as long as reading B.

namespace juanji {
namespace {

constexpr int64_t kMostTasks = 16;
constexpr int64_t kTaskBytes = 64 * 1024;  // of B
constexpr int64_t kColumns = 4096;         // of C that stay in L1 while rows of B are added
constexpr int64_t kUnit = 8;               // rows of B that are added together
constexpr double kBytesPerNanosecond = 10;

template <class T>
void start_row(const Gemm<T>& g, bool with_bias, int64_t column, int64_t columns, T* c) {
  if (with_bias && g.bias != nullptr)
    std::copy_n(g.bias + column, columns, c);
  else
    std::fill_n(c, columns, T(0));
}

// B (k, n): pieces of k as tasks, whose sums are added in a fixed order.
template <class T>
void stream_rows(const Gemm<T>& g, const Cut& pieces, double cost) {
  const Buffer partial(pieces.count == 1 ? 0 : static_cast<size_t>(pieces.count * g.m * g.n) * sizeof(T));
  const Cut columns(g.n, kColumns, 64);
  parallel_for(pieces.count * columns.count, cost, [&](int64_t task, int) {
    const int64_t piece = task / columns.count;
    const int64_t n = columns.begin(task % columns.count);
    const int64_t width = columns.length(task % columns.count);
    T* c = pieces.count == 1 ? g.c + n : partial.as<T>() + piece * g.m * g.n + n;
    const int64_t c_step = pieces.count == 1 ? g.c_step : g.n;
    for (int64_t m = 0; m < g.m; ++m) start_row(g, piece == 0, n, width, c + m * c_step);
    const int64_t k = pieces.begin(piece);
    kernels::matrix<T>().multiply_stream(
        {g.a + k, g.a_step, g.b + k * g.b_step + n, g.b_step, false, c, c_step, g.m, width, pieces.length(piece)});
  });
  if (pieces.count > 1) return add_pieces(g, partial.as<T>(), pieces.count);
  for (int64_t m = 0; m < g.m; ++m) activate_row(g, g.c + m * g.c_step);
}

// B (n, k): columns of C as tasks.
template <class T>
void stream_dots(const Gemm<T>& g, const Cut& columns, double cost) {
  parallel_for(columns.count, cost, [&](int64_t task, int) {
    const int64_t n = columns.begin(task);
    for (int64_t m = 0; m < g.m; ++m) start_row(g, true, n, columns.length(task), g.c + m * g.c_step + n);
    kernels::matrix<T>().multiply_stream(
        {g.a, g.a_step, g.b + n * g.b_step, g.b_step, true, g.c + n, g.c_step, g.m, columns.length(task), g.k});
  });
  for (int64_t m = 0; m < g.m; ++m) activate_row(g, g.c + m * g.c_step);
}

}  // namespace

template <class T>
void multiply_streamed(const Gemm<T>& g) {
  Gemm<T> straight = g;
  const Buffer rows(g.a_transposed ? static_cast<size_t>(g.m * g.k) * sizeof(T) : 0);
  if (g.a_transposed) {
    for (int64_t k = 0; k < g.k; ++k) {
      for (int64_t m = 0; m < g.m; ++m) rows.as<T>()[m * g.k + k] = g.a[k * g.a_step + m];
    }
    straight.a = rows.as<T>();
    straight.a_step = g.k;
  }
  const int64_t bytes = g.k * g.n * static_cast<int64_t>(sizeof(T));
  const int64_t tasks = std::clamp<int64_t>(bytes / kTaskBytes, 1, kMostTasks);
  const double cost = static_cast<double>(bytes) / static_cast<double>(tasks) / kBytesPerNanosecond;
  const int64_t total = g.b_transposed ? g.n : g.k;
  const Cut cut(total, ceil_div(total, tasks), kUnit);
  if (g.b_transposed)
    stream_dots(straight, cut, cost);
  else
    stream_rows(straight, cut, cost);
}

template void multiply_streamed<float>(const Gemm<float>&);
template void multiply_streamed<double>(const Gemm<double>&);

}  // namespace juanji
