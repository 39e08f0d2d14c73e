#include <algorithm>
#include <cstring>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "ops/gemm_parts.hpp"

// Blocks of C are tasks. For each block of k a task multiplies its rows of A with one packed panel of B after another:
// the panel stays in L1, the rows of A and the block of C in L2, and panels behind L2 are asked for one ahead.

namespace juanji {
namespace {

constexpr int64_t kPanelBytes = 24 * 1024;  // of a panel's block of k; half as much again if that spares a block
constexpr int64_t kMostDepth = 384;         // of such a block, where panels are narrow
constexpr int64_t kRowBlock = 384;          // rows of a task: multiples of every tile height. Panels pass from a far
constexpr int64_t kSmallRowBlock = 192;     // cache once for each block, so the small ones are for want of tasks
constexpr int64_t kFewRows = 288;           // of the only block, where the columns alone make enough tasks
constexpr int64_t kColumnBytes = 2048;      // columns of a task
constexpr int64_t kWantedTasks = 16;
constexpr int64_t kCopyGap = 16;           // elements between copied rows that would lie a power of two apart
constexpr int64_t kCopyColumns = 128;      // columns of C that are worth a copy of A
constexpr int64_t kOwnCopies = 2;          // of a block of A; above, all tasks share one
constexpr int64_t kFarBytes = 256 * 1024;  // of an operand that a near cache does not hold
constexpr int64_t kFarDepth = 64;          // elements of a row that are worth asking for

template <class T>
struct Blocks {
  const kernels::MatrixTable<T>& kernel = kernels::matrix<T>();
  int64_t panel = kernel.panel;
  int64_t panels;  // of B
  Cut rows;
  Cut columns;
  Cut depth;
  bool copy_a;
  bool share_a;  // one copy for all tasks, instead of one for each
  bool far_a;
  bool far_b;

  explicit Blocks(const Gemm<T>& g)
      : panels(ceil_div(g.n, panel)),
        rows(g.m, row_limit(g), g.m > row_limit(g) ? kernel.tile_rows : 1),
        columns(g.n, column_limit(g), panel),
        depth(g.k, depth_limit(g), 1) {
    if (g.depth_block > 0) {
      depth.size = g.depth_block;
      depth.count = ceil_div(g.k, depth.size);
    }
    // Rows that lie far apart share a few sets of the cache, where a second panel would look for them in vain.
    copy_a = bytes(g.a_step) >= 1024 && (g.n >= kCopyColumns || (bytes(g.a_step) % 2048 == 0 && g.n > panel));
    share_a = copy_a && (rows.count == 1 || columns.count > kOwnCopies);
    far_a = (!copy_a || share_a) && g.k >= kFarDepth && bytes(g.m * g.k) > kFarBytes;
    far_b = bytes(g.n * g.k) > kFarBytes;
  }

  static int64_t bytes(int64_t elements) { return elements * static_cast<int64_t>(sizeof(T)); }

  int64_t row_limit(const Gemm<T>& g) const {
    if (g.m <= kFewRows && g.n >= kWantedTasks * panel) return kFewRows;
    return ceil_div(g.m, kRowBlock) * ceil_div(bytes(g.n), kColumnBytes) >= kWantedTasks ? kRowBlock : kSmallRowBlock;
  }

  int64_t depth_limit(const Gemm<T>& g) const {
    const int64_t limit = std::min(kMostDepth, kPanelBytes / (panel * bytes(1)));
    return g.k <= limit * 3 / 2 ? limit * 3 / 2 : limit;
  }

  // Few rows: cut the columns finer, so that there is work for several threads.
  int64_t column_limit(const Gemm<T>& g) const {
    const int64_t wanted = ceil_div(kWantedTasks, std::max<int64_t>(1, ceil_div(g.m, row_limit(g))));
    return std::min(kColumnBytes / bytes(1), std::max(panel, ceil_div(g.n, wanted)));
  }
};

// Where a packed panel of B lies: [block of k][panel][k][column].
template <class T>
int64_t panel_start(const Blocks<T>& blocks, int64_t p, int64_t d) {
  return (blocks.depth.begin(d) * blocks.panels + blocks.depth.length(d) * p) * blocks.panel;
}

template <class T>
void pack_panel(const Gemm<T>& g, const Blocks<T>& blocks, int64_t p, int64_t d, T* dst) {
  const int64_t n = p * blocks.panel;
  const int64_t columns = std::min(blocks.panel, g.n - n);
  const int64_t k0 = blocks.depth.begin(d);
  if (g.b_transposed) {
    blocks.kernel.pack_transposed(g.b + n * g.b_step + k0, g.b_step, blocks.depth.length(d), columns, dst);
  } else {
    blocks.kernel.pack(g.b + k0 * g.b_step + n, g.b_step, blocks.depth.length(d), columns, dst);
  }
}

// What will be read for panel p of block d: its packed form, or what pack_panel reads.
template <class T>
kernels::Ahead<T> panel_ahead(const Gemm<T>& g, const Blocks<T>& blocks, int64_t p, int64_t d, const T* packed) {
  if (!blocks.far_b || d >= blocks.depth.count) return {};
  const int64_t depth = blocks.depth.length(d);
  if (packed != nullptr) return {packed + panel_start(blocks, p, d), blocks.panel, depth, blocks.panel};
  const int64_t n = p * blocks.panel;
  const int64_t columns = std::min(blocks.panel, g.n - n);
  const int64_t k0 = blocks.depth.begin(d);
  if (g.b_transposed) return {g.b + n * g.b_step + k0, g.b_step, columns, depth};
  return {g.b + k0 * g.b_step + n, g.b_step, depth, columns};
}

// A block of op(A) for the kernel: in place, or a copy.
template <class T>
struct ABlock {
  const T* data;
  int64_t step;
};

template <class T>
size_t copy_bytes(const Blocks<T>& blocks) {
  const int64_t longest = std::max(blocks.rows.size, blocks.depth.size);
  const int64_t lines = std::min(blocks.rows.size, blocks.depth.size);
  return blocks.copy_a ? static_cast<size_t>(Blocks<T>::bytes((longest + kCopyGap) * (lines + kCopyGap))) : 0;
}

template <class T>
ABlock<T> a_block(const Gemm<T>& g, const Blocks<T>& blocks, int64_t i, int64_t d, T* copy, bool fill) {
  const int64_t row = blocks.rows.begin(i), k0 = blocks.depth.begin(d);
  const T* from = g.a + (g.a_transposed ? k0 * g.a_step + row : row * g.a_step + k0);
  if (!blocks.copy_a) return {from, g.a_step};
  const int64_t lines = g.a_transposed ? blocks.depth.length(d) : blocks.rows.length(i);
  const int64_t length = g.a_transposed ? blocks.rows.length(i) : blocks.depth.length(d);
  const int64_t step = Blocks<T>::bytes(length) % 256 == 0 ? length + kCopyGap : length;
  for (int64_t l = 0; fill && l < lines; ++l) {
    std::memcpy(copy + l * step, from + l * g.a_step, static_cast<size_t>(Blocks<T>::bytes(length)));
  }
  return {copy, step};
}

// Block i of rows × (`columns` columns from panel p on) of C, at block d of k.
template <class T>
void multiply_block(const Gemm<T>& g, const Blocks<T>& blocks, const ABlock<T>& block, int64_t i, int64_t p,
                    int64_t columns, int64_t d, const T* panels, const kernels::Ahead<T>& ahead) {
  const int64_t row = blocks.rows.begin(i), rows = blocks.rows.length(i);
  const int64_t n = p * blocks.panel;
  const int64_t panel_step = blocks.depth.length(d) * blocks.panel;
  const kernels::Run run{0, 0, blocks.depth.length(d)};
  if (g.a_transposed) {
    for (int64_t at = 0; at < columns; at += blocks.panel) {
      blocks.kernel.multiply_columns({block.data, block.step, panels + at / blocks.panel * panel_step, blocks.panel,
                                      g.c + row * g.c_step + n + at, g.c_step, rows,
                                      std::min(blocks.panel, columns - at), &run, 1, d > 0});
    }
    return;
  }
  const T* a[kRowBlock];
  T* c[kRowBlock];
  for (int64_t r = 0; r < rows; ++r) {
    a[r] = block.data + r * block.step;
    c[r] = g.c + (row + r) * g.c_step + n;
  }
  const kernels::Start start = d > 0               ? kernels::Start::accumulate
                               : g.bias != nullptr ? kernels::Start::bias
                                                   : kernels::Start::zero;
  const bool last = d + 1 == blocks.depth.count;
  blocks.kernel.multiply_rows({a, c, 0, rows, columns, &run, 1, panels, panel_step, start,
                               g.bias == nullptr ? nullptr : g.bias + n, last ? g.activation : Activation::none,
                               blocks.far_a, blocks.far_b, ahead});
}

}  // namespace

template <class T>
int64_t block_count(const Gemm<T>& g) {
  const Blocks<T> blocks(g);
  return blocks.rows.count * blocks.columns.count;
}

template <class T>
int64_t depth_block(const Gemm<T>& g) {
  return Blocks<T>(g).depth.size;
}

template <class T>
int64_t packed_size(int64_t k, int64_t n) {
  const int64_t panel = kernels::matrix<T>().panel;
  return k * ceil_div(n, panel) * panel;
}

template <class T>
void pack_right(const Gemm<T>& g, T* packed) {
  const Blocks<T> blocks(g);
  const auto cost = static_cast<double>(blocks.depth.size * blocks.panel);
  parallel_for(blocks.panels * blocks.depth.count, cost, [&](int64_t task, int) {
    const int64_t p = task / blocks.depth.count;
    const int64_t d = task % blocks.depth.count;
    pack_panel(g, blocks, p, d, packed + panel_start(blocks, p, d));
  });
}

// With few rows every panel of B is used by one task only, which packs it itself while it is warm; with many, they
// are packed beforehand.
template <class T>
void multiply_blocks(const Gemm<T>& g) {
  const Blocks<T> blocks(g);
  const bool few_rows = blocks.rows.count == 1;
  const Buffer own(few_rows || g.packed_b != nullptr ? 0
                                                     : static_cast<size_t>(Blocks<T>::bytes(packed_size<T>(g.k, g.n))));
  if (own.data() != nullptr) pack_right(g, own.as<T>());
  const T* packed = g.packed_b != nullptr ? g.packed_b : own.as<T>();

  const auto copied = static_cast<int64_t>(copy_bytes(blocks));
  const int64_t a_blocks = blocks.rows.count * blocks.depth.count;
  const Buffer shared(blocks.share_a ? static_cast<size_t>(copied * a_blocks) : 0);
  const auto shared_copy = [&](int64_t i, int64_t d) {
    return shared.as<T>() + copied / Blocks<T>::bytes(1) * (i * blocks.depth.count + d);
  };
  if (blocks.share_a) {
    parallel_for(a_blocks, static_cast<double>(copied) / 16, [&](int64_t block, int) {
      const int64_t i = block / blocks.depth.count, d = block % blocks.depth.count;
      a_block(g, blocks, i, d, shared_copy(i, d), true);
    });
  }

  const double cost = 2.0 * static_cast<double>(blocks.rows.size * g.k * blocks.columns.size) / kGemmFlopPerNanosecond;
  parallel_for(blocks.rows.count * blocks.columns.count, cost, [&](int64_t task, int) {
    const int64_t i = task % blocks.rows.count;
    const int64_t j = task / blocks.rows.count;
    const Buffer copy(blocks.share_a ? 0 : static_cast<size_t>(copied));
    const Buffer scratch(packed != nullptr ? 0
                                           : static_cast<size_t>(Blocks<T>::bytes(blocks.depth.size * blocks.panel)));
    const int64_t first = blocks.columns.begin(j) / blocks.panel;
    const int64_t columns = blocks.columns.length(j);
    const int64_t panels = ceil_div(columns, blocks.panel);
    for (int64_t d = 0; d < blocks.depth.count; ++d) {
      const ABlock<T> block =
          a_block(g, blocks, i, d, blocks.share_a ? shared_copy(i, d) : copy.as<T>(), !blocks.share_a);
      if (packed != nullptr) {
        multiply_block(g, blocks, block, i, first, columns, d, packed + panel_start(blocks, first, d),
                       panel_ahead(g, blocks, first, d + 1, packed));
        continue;
      }
      for (int64_t p = 0; p < panels; ++p) {
        pack_panel(g, blocks, first + p, d, scratch.as<T>());
        const bool last = p + 1 == panels;
        multiply_block(g, blocks, block, i, first + p, std::min(blocks.panel, columns - p * blocks.panel), d,
                       scratch.as<T>(),
                       panel_ahead<T>(g, blocks, last ? first : first + p + 1, last ? d + 1 : d, nullptr));
      }
    }
  });
}

template int64_t block_count<float>(const Gemm<float>&);
template int64_t block_count<double>(const Gemm<double>&);
template int64_t depth_block<float>(const Gemm<float>&);
template int64_t depth_block<double>(const Gemm<double>&);
template void multiply_blocks<float>(const Gemm<float>&);
template void multiply_blocks<double>(const Gemm<double>&);
template int64_t packed_size<float>(int64_t, int64_t);
template int64_t packed_size<double>(int64_t, int64_t);
template void pack_right<float>(const Gemm<float>&, float*);
template void pack_right<double>(const Gemm<double>&, double*);

}  // namespace juanji
