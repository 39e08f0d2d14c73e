#include "ops/gemm.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"

namespace juanji {
namespace {

constexpr int64_t kDepthBytes = 1536;   // of one column of a packed panel: a panel of 384 floats × 16 stays in L1/L2
constexpr int64_t kRowBlock = 96;       // rows of a task: with kDepthBytes of each, 144 KiB of A in L2; a multiple of
                                        // every tile height
constexpr int64_t kColumnBytes = 2048;  // columns of a task
constexpr int64_t kSplitTasks = 8;      // with fewer blocks of C than this, a deep product is also cut along k
constexpr int64_t kSplitDepth = 1024;   // shortest piece of such a cut
constexpr int64_t kCopyGap = 16;        // elements between copied rows that would lie a power of two apart
constexpr double kFlopPerNanosecond = 40;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A cut of [0, total) into `count` nearly equal blocks of a multiple of `unit`.
struct Cut {
  int64_t total;
  int64_t size;
  int64_t count;

  Cut(int64_t total_, int64_t largest, int64_t unit) : total(total_) {
    const int64_t blocks = std::max<int64_t>(1, ceil_div(total, std::max(unit, largest / unit * unit)));
    size = std::max<int64_t>(unit, ceil_div(ceil_div(total, blocks), unit) * unit);
    count = std::max<int64_t>(1, ceil_div(total, size));
  }
  int64_t begin(int64_t i) const { return i * size; }
  int64_t length(int64_t i) const { return std::min(size, total - i * size); }
};

template <class T>
struct Blocks {
  const kernels::MatrixTable<T>& kernel = kernels::matrix<T>();
  Cut rows;
  Cut columns;
  Cut depth;

  explicit Blocks(const Gemm<T>& g)
      : rows(g.m, kRowBlock, g.m > kRowBlock ? kernel.tile_rows : 1),
        columns(g.n, column_limit(g), kernel.panel),
        depth(g.k, kDepthBytes / static_cast<int64_t>(sizeof(T)), 1) {}

  // Few rows: cut the columns finer, so that there is work for several threads.
  int64_t column_limit(const Gemm<T>& g) const {
    const int64_t wide = kColumnBytes / static_cast<int64_t>(sizeof(T));
    const int64_t wanted = ceil_div(16, ceil_div(g.m, kRowBlock));
    return std::min(wide, std::max(kernel.panel, ceil_div(g.n, wanted)));
  }
};

template <class T>
void pack_panel(const Gemm<T>& g, const kernels::MatrixTable<T>& kernel, int64_t column, int64_t k0, int64_t depth,
                T* dst) {
  const int64_t columns = std::min(kernel.panel, g.n - column);
  if (g.b_transposed) {
    kernel.pack_transposed(g.b + column * g.b_step + k0, g.b_step, depth, columns, dst);
  } else {
    kernel.pack(g.b + k0 * g.b_step + column, g.b_step, depth, columns, dst);
  }
}

// A block of op(A) for the kernel: in place, or a copy where rows that lie a power of two apart would fight for a few
// sets of the cache.
template <class T>
struct ABlock {
  const T* data;
  int64_t step;
};

template <class T>
size_t a_copy_elements(const Gemm<T>& g, const Blocks<T>& blocks) {
  constexpr int64_t kScattered = 1024;  // bytes from one row to the next
  constexpr int64_t kWorthwhile = 48;   // columns of C that share the copy
  if (g.a_step * static_cast<int64_t>(sizeof(T)) < kScattered || g.n < kWorthwhile) return 0;
  return static_cast<size_t>(std::min(g.m, kRowBlock) * (blocks.depth.size + kCopyGap));
}

template <class T>
ABlock<T> a_block(const Gemm<T>& g, int64_t row, int64_t rows, int64_t k0, int64_t depth, T* copy) {
  const T* from = g.a + (g.a_transposed ? k0 * g.a_step + row : row * g.a_step + k0);
  if (copy == nullptr) return {from, g.a_step};
  const int64_t lines = g.a_transposed ? depth : rows;
  const int64_t length = g.a_transposed ? rows : depth;
  const int64_t step = length * static_cast<int64_t>(sizeof(T)) % 512 == 0 ? length + kCopyGap : length;
  for (int64_t i = 0; i < lines; ++i) {
    std::memcpy(copy + i * step, from + i * g.a_step, static_cast<size_t>(length) * sizeof(T));
  }
  return {copy, step};
}

// One block of C, one block of k, B from packed panels that lie `panel_step` apart.
template <class T>
void multiply_block(const Gemm<T>& g, const Blocks<T>& blocks, const ABlock<T>& block, int64_t row, int64_t rows,
                    int64_t column, int64_t columns, int64_t k0, int64_t depth, const T* panels, int64_t panel_step) {
  const int64_t panel = blocks.kernel.panel;
  const bool first = k0 == 0;
  if (g.a_transposed) {
    const kernels::Run run{0, 0, depth};
    for (int64_t n = 0; n < columns; n += panel) {
      blocks.kernel.multiply_columns({block.data, block.step, panels + n / panel * panel_step, panel,
                                      g.c + row * g.c_step + column + n, g.c_step, rows, std::min(panel, columns - n),
                                      &run, 1, !first});
    }
    return;
  }
  const T* a[kRowBlock];
  T* c[kRowBlock];
  for (int64_t r = 0; r < rows; ++r) {
    a[r] = block.data + r * block.step;
    c[r] = g.c + (row + r) * g.c_step + column;
  }
  const kernels::Run run{0, 0, depth};
  const kernels::Start start = !first              ? kernels::Start::accumulate
                               : g.bias != nullptr ? kernels::Start::bias
                                                   : kernels::Start::zero;
  const bool last = k0 + depth == g.k;
  blocks.kernel.multiply_rows({a, c, 0, rows, columns, &run, 1, panels, panel_step, start,
                               g.bias == nullptr ? nullptr : g.bias + column, last ? g.activation : Activation::none});
}

// One block of rows: every panel of B is used by one task only, which packs it itself while it is warm.
template <class T>
void multiply_few_rows(const Gemm<T>& g, const Blocks<T>& blocks) {
  const int64_t panel = blocks.kernel.panel;
  const double cost = 2.0 * static_cast<double>(g.m * g.k * blocks.columns.size) / kFlopPerNanosecond;
  parallel_for(blocks.columns.count, cost, [&](int64_t task, int) {
    const Buffer scratch(static_cast<size_t>(blocks.depth.size * panel) * sizeof(T));
    const Buffer copy(a_copy_elements(g, blocks) * sizeof(T));
    const int64_t column = blocks.columns.begin(task);
    for (int64_t d = 0; d < blocks.depth.count; ++d) {
      const int64_t k0 = blocks.depth.begin(d);
      const int64_t depth = blocks.depth.length(d);
      const ABlock<T> block = a_block(g, 0, g.m, k0, depth, copy.as<T>());
      for (int64_t n = 0; n < blocks.columns.length(task); n += panel) {
        pack_panel(g, blocks.kernel, column + n, k0, depth, scratch.as<T>());
        multiply_block(g, blocks, block, 0, g.m, column + n, std::min(panel, g.n - column - n), k0, depth,
                       scratch.as<T>(), int64_t{0});
      }
    }
  });
}

template <class T>
void multiply_many_rows(const Gemm<T>& g, const Blocks<T>& blocks) {
  const int64_t panel = blocks.kernel.panel;
  const int64_t panels = ceil_div(g.n, panel);
  const Buffer packed(static_cast<size_t>(panels * panel * g.k) * sizeof(T));
  // Panels of one block of k lie together: [block of k][panel][k][column].
  const auto block_start = [&](int64_t d) { return packed.as<T>() + blocks.depth.begin(d) * panels * panel; };
  parallel_for(panels * blocks.depth.count, static_cast<double>(blocks.depth.size * panel), [&](int64_t task, int) {
    const int64_t d = task / panels;
    const int64_t p = task % panels;
    const int64_t depth = blocks.depth.length(d);
    pack_panel(g, blocks.kernel, p * panel, blocks.depth.begin(d), depth, block_start(d) + p * depth * panel);
  });
  const double cost = 2.0 * static_cast<double>(blocks.rows.size * g.k * blocks.columns.size) / kFlopPerNanosecond;
  parallel_for(blocks.rows.count * blocks.columns.count, cost, [&](int64_t task, int) {
    const int64_t i = task / blocks.columns.count;
    const int64_t j = task % blocks.columns.count;
    const int64_t column = blocks.columns.begin(j);
    const Buffer copy(a_copy_elements(g, blocks) * sizeof(T));
    for (int64_t d = 0; d < blocks.depth.count; ++d) {
      const int64_t depth = blocks.depth.length(d);
      const ABlock<T> block =
          a_block(g, blocks.rows.begin(i), blocks.rows.length(i), blocks.depth.begin(d), depth, copy.as<T>());
      multiply_block(g, blocks, block, blocks.rows.begin(i), blocks.rows.length(i), column, blocks.columns.length(j),
                     blocks.depth.begin(d), depth, block_start(d) + column / panel * depth * panel, depth * panel);
    }
  });
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
void fill_without_depth(const Gemm<T>& g) {
  for (int64_t i = 0; i < g.m; ++i) {
    for (int64_t j = 0; j < g.n; ++j) {
      const T value = g.bias == nullptr ? T(0) : g.bias[j];
      g.c[i * g.c_step + j] = value;
    }
    activate_row(g, g.c + i * g.c_step);
  }
}

// A small C from a deep k: pieces of k in parallel, then added in a fixed order.
template <class T>
void multiply_split(const Gemm<T>& g, const Cut& pieces) {
  const size_t bytes = static_cast<size_t>(g.m * g.n) * sizeof(T);
  const Buffer partial(bytes * static_cast<size_t>(pieces.count));
  const double cost = 2.0 * static_cast<double>(g.m * g.n * pieces.size) / kFlopPerNanosecond;
  parallel_for(pieces.count, cost, [&](int64_t i, int) {
    Gemm<T> piece = g;
    const int64_t k0 = pieces.begin(i);
    piece.k = pieces.length(i);
    piece.a += g.a_transposed ? k0 * g.a_step : k0;
    piece.b += g.b_transposed ? k0 : k0 * g.b_step;
    piece.c = partial.as<T>() + i * g.m * g.n;
    piece.c_step = g.n;
    if (i > 0) piece.bias = nullptr;
    piece.activation = Activation::none;
    const Blocks<T> blocks(piece);
    if (blocks.rows.count == 1)
      multiply_few_rows(piece, blocks);
    else
      multiply_many_rows(piece, blocks);
  });
  parallel_ranges(g.m, 64, static_cast<double>(g.n * pieces.count), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* c = g.c + row * g.c_step;
      std::memcpy(c, partial.as<T>() + row * g.n, static_cast<size_t>(g.n) * sizeof(T));
      for (int64_t i = 1; i < pieces.count; ++i) {
        const T* add = partial.as<T>() + (i * g.m + row) * g.n;
        for (int64_t j = 0; j < g.n; ++j) c[j] += add[j];
      }
      activate_row(g, c);
    }
  });
}

}  // namespace

template <class T>
void gemm(const Gemm<T>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.k <= 0) return fill_without_depth(g);
  const Blocks<T> blocks(g);
  if (blocks.rows.count * blocks.columns.count < kSplitTasks && g.k >= 2 * kSplitDepth) {
    return multiply_split(g, Cut(g.k, std::max(kSplitDepth, ceil_div(g.k, 2 * kSplitTasks)), 1));
  }
  if (blocks.rows.count == 1)
    multiply_few_rows(g, blocks);
  else
    multiply_many_rows(g, blocks);
}

template void gemm<float>(const Gemm<float>&);
template void gemm<double>(const Gemm<double>&);

}  // namespace juanji
