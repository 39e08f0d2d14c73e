#include "ops/winograd_weights.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "kernels/winograd.hpp"
#include "ops/cut.hpp"
#include "ops/halo.hpp"
#include "ops/tree_sum.hpp"
#include "ops/winograd_choice.hpp"

// A task owns the sums of some input channels and outputs over a chunk of the tiles: a matrix (C × OC) for each element
// of a tile, that stay in L2. It takes a few tiles at a time, transforms their pixels of x and, for a few outputs at a
// time, of dy, and adds the products to the sums. At the end these become a part of dw; the chunks' parts are added in
// a fixed tree.

namespace juanji {
namespace {

constexpr int64_t kSliceBytes = 128;         // of the input channels of a task
constexpr int64_t kSumBytes = 128 * 1024;    // of the sums of a task
constexpr int64_t kBlockBytes = 256 * 1024;  // of the matrices of a block of tiles
constexpr int64_t kMostElements = 96 * 16;   // of the tiles of a block, along one channel
constexpr int64_t kWantedTasks = 16;
constexpr int64_t kPartialBytes = int64_t{4} << 20;  // of all chunks' parts of dw together
constexpr int64_t kLineBytes = 64;
constexpr double kFlopPerNanosecond = 40;

// A block of tiles: rows of tiles of all images, counted through, at some columns.
struct Block {
  int64_t first_row, end_row;
  int64_t first_column, end_column;
};

template <class T>
struct Plan {
  const ConvWeightGradient<T>& conv;
  const WindowGeometry& g;
  const kernels::MatrixTable<T>& matrix = kernels::matrix<T>();
  const kernels::WinogradTable<T>& transform;
  int64_t tile;  // pixels of dy along its side
  int64_t matrices;
  int64_t tile_rows;     // of an image
  int64_t tile_columns;  // of a row of tiles
  int64_t rows;          // of tiles, of all images
  bool in_place;         // no padding: the input itself serves
  Cut channels;          // of the input, as tasks share them
  Cut outputs;
  int64_t pass;    // outputs of dy that are transformed at a time
  int64_t a_tile;  // elements of a tile in each matrix of x
  int64_t block_rows;
  Cut columns;  // of a row of tiles, where it is longer than a block
  int64_t chunk_rows = 1;
  int64_t chunks = 1;

  Plan(const ConvWeightGradient<T>& c, int64_t tile_side)
      : conv(c),
        g(c.g),
        transform(tile_side == 2 ? kernels::winograd_2x2<T>() : kernels::winograd_4x4<T>()),
        tile(transform.tile),
        matrices(transform.matrices),
        tile_rows(ceil_div(g.oh, tile)),
        tile_columns(ceil_div(g.ow, tile)),
        rows(conv.images * tile_rows),
        in_place(g.top == 0 && g.left == 0 && tile * tile_columns + 2 <= g.w && tile * tile_rows + 2 <= g.h),
        channels(conv.channels, kSliceBytes / bytes(1), 1),
        outputs(conv.outputs, kSumBytes / bytes(matrices * channels.size), matrix.panel),
        pass(std::max(matrix.panel, kSliceBytes / bytes(1))),
        a_tile(ceil_div(channels.size, line()) * line()),
        columns(tile_columns, most_tiles(), 1) {
    block_rows = columns.count > 1 ? 1 : std::max<int64_t>(1, most_tiles() / tile_columns);
    cut_chunks();
  }

  static int64_t bytes(int64_t elements) { return elements * static_cast<int64_t>(sizeof(T)); }
  static int64_t line() { return kLineBytes / bytes(1); }

  int64_t dw_size() const { return 9 * conv.channels * conv.outputs; }
  int64_t tiles() const { return block_rows * columns.size; }
  int64_t most_tiles() const {
    return std::min(kMostElements / matrices, kBlockBytes / bytes(matrices * (a_tile + pass)));
  }

  // Matrices lie a line more than a power of two apart: their elements would share a few sets of the cache.
  int64_t a_matrix() const { return tiles() * a_tile + line(); }
  int64_t d_matrix() const { return tiles() * pass + line(); }
  int64_t sum_matrix() const { return channels.size * outputs.size + line(); }

 private:
  void cut_chunks() {
    const int64_t affordable = kPartialBytes / bytes(dw_size());
    const int64_t wanted = std::min(ceil_div(kWantedTasks, channels.count * outputs.count), affordable);
    const int64_t blocks = ceil_div(rows, block_rows);
    chunk_rows = ceil_div(blocks, std::clamp<int64_t>(wanted, 1, blocks)) * block_rows;
    chunks = ceil_div(rows, chunk_rows);
  }
};

// Padded rows [row, row + count) of the channels [channel, channel + width) of an image, columns [column, ...).
template <class T>
void copy_slice(const Plan<T>& plan, const T* image, int64_t channel, int64_t width, int64_t row, int64_t count,
                int64_t column, int64_t columns, T* to) {
  const WindowGeometry& g = plan.g;
  const int64_t channels = plan.conv.channels;
  if (width == channels) {
    return copy_with_halo(image, g.h, g.w, channels, g.top, g.left - column, row, count, columns, to);
  }
  for (int64_t r = row - g.top; r < row - g.top + count; ++r) {
    for (int64_t c = column - g.left; c < column - g.left + columns; ++c, to += width) {
      if (r < 0 || r >= g.h || c < 0 || c >= g.w) {
        std::fill_n(to, width, T(0));
      } else {
        std::copy_n(image + (r * g.w + c) * channels + channel, width, to);
      }
    }
  }
}

// What one task works with.
template <class T>
class Task {
 public:
  Task(const Plan<T>& plan, int64_t channel_part, int64_t output_part)
      : plan_(plan),
        channel_(plan.channels.begin(channel_part)),
        channels_(plan.channels.length(channel_part)),
        output_(plan.outputs.begin(output_part)),
        outputs_(plan.outputs.length(output_part)),
        a_(buffer(plan.matrices * plan.a_matrix())),
        d_(buffer(plan.matrices * plan.d_matrix())),
        sums_(buffer(plan.matrices * plan.sum_matrix())),
        halo_(buffer(plan.in_place ? 0
                                   : (plan.tile + 2) * plan.block_rows * (plan.tile * plan.columns.size + 2) *
                                         plan.channels.size)),
        zeros_(buffer(plan.conv.outputs)) {
    std::fill_n(zeros_.template as<T>(), plan.conv.outputs, T(0));
  }

  void run(int64_t chunk, T* dw) {
    const int64_t begin = chunk * plan_.chunk_rows;
    const int64_t end = std::min(plan_.rows, begin + plan_.chunk_rows);
    for (int64_t row = begin; row < end; row += plan_.block_rows) {
      for (int64_t c = 0; c < plan_.columns.count; ++c) {
        const int64_t column = plan_.columns.begin(c);
        add_block({row, std::min(end, row + plan_.block_rows), column, column + plan_.columns.length(c)},
                  row > begin || c > 0);
      }
    }
    plan_.transform.weight_gradient({sums_.template as<T>(), plan_.sum_matrix(), plan_.outputs.size, channels_,
                                     outputs_, dw + channel_ * plan_.conv.outputs + output_,
                                     plan_.conv.channels * plan_.conv.outputs, plan_.conv.outputs});
  }

 private:
  static Buffer buffer(int64_t elements) { return Buffer(static_cast<size_t>(Plan<T>::bytes(elements))); }

  void find_tiles(const Block& block);
  void add_block(const Block& block, bool accumulate);

  const Plan<T>& plan_;
  int64_t channel_, channels_;
  int64_t output_, outputs_;
  Buffer a_, d_, sums_, halo_;
  Buffer zeros_;              // in the place of pixels of dy that do not exist
  std::vector<const T*> x_;   // of each tile, the first of its pixels
  std::vector<const T*> dy_;  // of each tile, its pixels row by row
};

template <class T>
void Task<T>::find_tiles(const Block& block) {
  const ConvWeightGradient<T>& conv = plan_.conv;
  const WindowGeometry& g = plan_.g;
  const int64_t tiles = block.end_column - block.first_column;
  const int64_t side = plan_.tile, width = side * tiles + 2;
  T* halo = halo_.template as<T>();
  x_.clear();
  dy_.clear();
  for (const Part& part : split_rows(block.first_row, block.end_row, plan_.tile_rows)) {
    const T* x = conv.x + part.image * g.h * g.w * conv.channels;
    const T* dy = conv.dy + part.image * g.oh * g.ow * conv.outputs;
    int64_t row_step = g.w * conv.channels, pixel_step = conv.channels;
    const T* source = x + (side * part.begin * g.w + side * block.first_column) * conv.channels + channel_;
    if (!plan_.in_place) {
      const int64_t count = side * (part.end - part.begin) + 2;
      copy_slice(plan_, x, channel_, channels_, side * part.begin, count, side * block.first_column, width, halo);
      source = halo;
      row_step = width * channels_;
      pixel_step = channels_;
      halo += count * row_step;
    }
    for (int64_t r = side * part.begin; r < side * part.end; r += side) {
      for (int64_t c = side * block.first_column; c < side * block.end_column; c += side) {
        x_.push_back(source + (r - side * part.begin) * row_step + (c - side * block.first_column) * pixel_step);
        for (int64_t i = r; i < r + side; ++i) {
          for (int64_t j = c; j < c + side; ++j) {
            dy_.push_back(i < g.oh && j < g.ow ? dy + (i * g.ow + j) * conv.outputs + output_
                                               : zeros_.template as<T>());
          }
        }
      }
    }
  }
}

template <class T>
void Task<T>::add_block(const Block& block, bool accumulate) {
  find_tiles(block);
  const auto tiles = static_cast<int64_t>(x_.size());
  const int64_t width = plan_.tile * (block.end_column - block.first_column) + 2;
  const int64_t row_step = plan_.in_place ? plan_.g.w * plan_.conv.channels : width * channels_;
  const int64_t pixel_step = plan_.in_place ? plan_.conv.channels : channels_;
  T* a = a_.template as<T>();
  T* d = d_.template as<T>();
  plan_.transform.input({x_.data(), row_step, pixel_step, channels_, tiles, a, plan_.a_matrix(), plan_.a_tile});
  const kernels::Run run{0, 0, tiles};
  for (int64_t n = 0; n < outputs_; n += plan_.pass) {
    const int64_t columns = std::min(plan_.pass, outputs_ - n);
    plan_.transform.output_gradient({dy_.data(), n, columns, tiles, d, plan_.d_matrix(), plan_.pass});
    for (int64_t m = 0; m < plan_.matrices; ++m) {
      plan_.matrix.multiply_columns({a + m * plan_.a_matrix(), plan_.a_tile, d + m * plan_.d_matrix(), plan_.pass,
                                     sums_.template as<T>() + m * plan_.sum_matrix() + n, plan_.outputs.size, channels_,
                                     columns, &run, 1, accumulate});
    }
  }
}

}  // namespace

template <class T>
int64_t winograd_tile(const ConvWeightGradient<T>& conv) {
  const WindowGeometry& g = conv.g;
  if (g.kh != 3 || g.kw != 3 || g.sh != 1 || g.sw != 1 || g.dh != 1 || g.dw != 1 || conv.groups != 1) return 0;
  if (std::min(conv.channels, conv.outputs) < kWinogradChannels) return 0;
  return winograd_tile({conv.images, g.oh, g.ow, conv.channels, conv.outputs, static_cast<int>(sizeof(T))});
}

template <class T>
void winograd_weight_gradient(const ConvWeightGradient<T>& conv, int64_t tile) {
  const int64_t size = 9 * conv.channels * conv.outputs;
  if (conv.images * conv.g.oh * conv.g.ow == 0) {
    std::memset(static_cast<void*>(conv.dw), 0, static_cast<size_t>(size) * sizeof(T));
    return;
  }
  const Plan<T> plan(conv, tile);
  const Buffer partial(plan.chunks == 1 ? 0 : static_cast<size_t>(Plan<T>::bytes(plan.chunks * size)));
  T* sums = plan.chunks == 1 ? conv.dw : partial.template as<T>();
  const int64_t parts = plan.channels.count * plan.outputs.count;
  const double cost = 2.0 *
                      static_cast<double>(plan.matrices * plan.chunk_rows * plan.tile_columns * plan.channels.size *
                                          plan.outputs.size) /
                      kFlopPerNanosecond;
  parallel_for(plan.chunks * parts, cost, [&](int64_t task, int) {
    const int64_t chunk = task / parts;
    Task<T>(plan, task % parts / plan.outputs.count, task % plan.outputs.count).run(chunk, sums + chunk * size);
  });
  if (plan.chunks > 1) tree_sum(sums, plan.chunks, size, conv.dw);
}

template int64_t winograd_tile<float>(const ConvWeightGradient<float>&);
template int64_t winograd_tile<double>(const ConvWeightGradient<double>&);
template void winograd_weight_gradient<float>(const ConvWeightGradient<float>&, int64_t);
template void winograd_weight_gradient<double>(const ConvWeightGradient<double>&, int64_t);

}  // namespace juanji
