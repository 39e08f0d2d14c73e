#include "ops/winograd_weights.hpp"

#include <algorithm>
#include <cstring>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "ops/conv2d_forward.hpp"
#include "ops/cut.hpp"
#include "ops/tree_sum.hpp"
#include "ops/winograd_choice.hpp"
#include "ops/winograd_plan.hpp"

// The images are cut into parts with sums of their own, since what one core transforms is far away from another one.
// The tiles of a part are taken in chunks. The pixels of x and of dy in a chunk are transformed once, into matrices
// (tiles × C) and (tiles × OC); then blocks of their products are added to sums of the same form as the transformed
// weights, which become dw at the end. Where there are fewer parts than threads, all threads share each of these steps.

namespace juanji {
namespace {

constexpr int64_t kChunkBytes = int64_t{1} << 20;       // of a chunk's matrices: larger ones are slower,
constexpr int64_t kMostChunkBytes = int64_t{64} << 20;  // but as many as there are sums, which it reads and writes
constexpr int64_t kBlock = 128;                         // input channels and outputs of a task
constexpr int64_t kMostParts = 8;
constexpr int64_t kPartSums = 3;    // a part's matrices have at least as many times the elements of its sums
constexpr int64_t kMostTerms = 96;  // added up at a time: rounding errors grow with the length of a sum
constexpr int64_t kLineBytes = 64;
constexpr double kFlopPerNanosecond = 40;

// dw of some rows of tiles.
template <class T>
class WinogradSums {
 public:
  // For at most so many rows at a time.
  WinogradSums(const WinogradPlan<T>& plan, int64_t rows)
      : plan_(plan),
        d_tile_(ceil_div(plan.conv.y_channels, line()) * line()),
        outputs_(ceil_div(plan.conv.y_channels, plan.matrix.width) * plan.matrix.width),
        chunk_rows_(find_chunk_rows(rows)),
        a_(plan.buffer(plan.matrices * a_matrix())),
        d_(plan.buffer(plan.matrices * d_matrix())),
        sums_(plan.buffer(plan.matrices * sum_matrix())),
        zeros_(plan.buffer(plan.conv.y_channels)) {
    std::fill_n(zeros_.template as<T>(), plan.conv.y_channels, T(0));
  }

  // Of the rows [first, last).
  void run(int64_t first, int64_t last, T* dw) {
    for (int64_t row = first; row < last; row += chunk_rows_) {
      const int64_t end = std::min(last, row + chunk_rows_);
      transform(row, end);
      add_products((end - row) * plan_.tile_columns, row > first);
    }
    finish(dw);
  }

 private:
  static int64_t line() { return kLineBytes / WinogradPlan<T>::bytes(1); }

  // Matrices lie a line more than a power of two apart: their elements would share a few sets of the cache.
  int64_t a_matrix() const { return plan_.a_matrix(chunk_rows_ * plan_.tile_columns); }
  int64_t d_matrix() const { return chunk_rows_ * plan_.tile_columns * d_tile_ + line(); }
  int64_t sum_matrix() const { return plan_.conv.channels * outputs_ + line(); }

  int64_t find_chunk_rows(int64_t rows) const {
    const int64_t wanted = std::clamp(plan_.bytes(plan_.matrices * sum_matrix()), kChunkBytes, kMostChunkBytes);
    const int64_t row = plan_.bytes(plan_.matrices * (plan_.a_tile + d_tile_)) * plan_.tile_columns;
    return Cut(rows, std::max<int64_t>(1, wanted / row), 1).size;
  }

  void transform(int64_t first, int64_t end);
  void add_products(int64_t tiles, bool accumulate);
  void finish(T* dw);

  const WinogradPlan<T>& plan_;
  int64_t d_tile_;      // elements of a tile in each matrix of dy
  int64_t outputs_;     // of the sums, in whole vectors: behind the real ones are zeros
  int64_t chunk_rows_;  // rows of tiles
  Buffer a_, d_, sums_;
  Buffer zeros_;  // in the place of pixels of dy that do not exist
};

template <class T>
void WinogradSums<T>::transform(int64_t first, int64_t end) {
  const double cost = static_cast<double>(plan_.tile_columns * (plan_.a_tile + d_tile_) * plan_.matrices) / 4;
  parallel_ranges(end - first, ceil_div(end - first, 64), cost, [&](int64_t from, int64_t to) {
    const WinogradTiles<T> own(plan_, first + from, first + to, zeros_.template as<T>());
    const int64_t tile = from * plan_.tile_columns;
    own.transform(plan_, 0, own.count(), a_.template as<T>() + tile * plan_.a_tile, a_matrix());
    plan_.transform.output_gradient({own.y.data(), 0, plan_.conv.y_channels, own.count(),
                                     d_.template as<T>() + tile * d_tile_, d_matrix(), d_tile_});
  });
}

template <class T>
void WinogradSums<T>::add_products(int64_t tiles, bool accumulate) {
  const Cut rows(plan_.conv.channels, kBlock, 1), columns(outputs_, kBlock, plan_.matrix.panel),
      depth(tiles, kMostTerms, 1);
  const int64_t blocks = rows.count * columns.count;
  const double cost = 2.0 * static_cast<double>(tiles * rows.size * columns.size) / kFlopPerNanosecond;
  parallel_for(plan_.matrices * blocks, cost, [&](int64_t task, int) {
    const int64_t m = task / blocks, row = task % blocks / columns.count, column = task % columns.count;
    const int64_t height = rows.length(row), width = columns.length(column);
    const T* a = a_.template as<T>() + m * a_matrix() + rows.begin(row);
    const T* d = d_.template as<T>() + m * d_matrix() + columns.begin(column);
    T* sums = sums_.template as<T>() + m * sum_matrix() + rows.begin(row) * outputs_ + columns.begin(column);
    for (int64_t part = 0; part < depth.count; ++part) {
      const kernels::Run run{depth.begin(part) * plan_.a_tile, depth.begin(part) * d_tile_, depth.length(part)};
      plan_.matrix.multiply_columns(
          {a, plan_.a_tile, d, d_tile_, sums, outputs_, height, width, &run, 1, accumulate || part > 0});
    }
  });
}

template <class T>
void WinogradSums<T>::finish(T* dw) {
  const int64_t channels = plan_.conv.channels, outputs = plan_.conv.y_channels;
  parallel_ranges(
      channels, ceil_div(channels, 32), static_cast<double>(plan_.matrices * outputs), [&](int64_t begin, int64_t end) {
        plan_.transform.weight_gradient({sums_.template as<T>() + begin * outputs_, sum_matrix(), outputs_, end - begin,
                                         outputs, dw + begin * outputs, channels * outputs, outputs});
      });
}

// Parts of equal size if they can be: a power of two.
template <class T>
Cut cut_parts(const WinogradPlan<T>& plan) {
  const int64_t channels = plan.conv.channels, outputs = plan.conv.y_channels;
  const int64_t wanted = plan.tiles() * (channels + outputs) / (kPartSums * channels * outputs);
  int64_t parts = 1;
  while (2 * parts <= std::min(wanted, kMostParts)) parts *= 2;
  return Cut(plan.rows(), ceil_div(plan.rows(), parts), 1);
}

template <class T>
void run_parts(const WinogradPlan<T>& plan, T* dw) {
  const Cut parts = cut_parts(plan);
  const int64_t size = 9 * plan.conv.channels * plan.conv.y_channels;
  const Buffer partial = plan.buffer(parts.count == 1 ? 0 : parts.count * size);
  T* sums = parts.count == 1 ? dw : partial.template as<T>();
  const auto run = [&](int64_t part, int) {
    const int64_t first = parts.begin(part);
    WinogradSums<T>(plan, parts.size).run(first, first + parts.length(part), sums + part * size);
  };
  if (parts.count < max_workers()) {
    for (int64_t part = 0; part < parts.count; ++part) run(part, 0);
  } else {
    parallel_for(parts.count, plan.flop() / static_cast<double>(parts.count) / kFlopPerNanosecond, run);
  }
  if (parts.count > 1) tree_sum(sums, parts.count, size, dw);
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
  DirectConv<T> forward = forward_conv<T>(conv.g, conv.channels, conv.outputs, 1);
  forward.x = conv.x;
  forward.images = conv.images;
  forward.y = const_cast<T*>(conv.dy);  // where pixels of y lie, those of dy are read
  run_parts(WinogradPlan<T>(forward, tile), conv.dw);
}

template int64_t winograd_tile<float>(const ConvWeightGradient<float>&);
template int64_t winograd_tile<double>(const ConvWeightGradient<double>&);
template void winograd_weight_gradient<float>(const ConvWeightGradient<float>&, int64_t);
template void winograd_weight_gradient<double>(const ConvWeightGradient<double>&, int64_t);

}  // namespace juanji
