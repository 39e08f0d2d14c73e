#include "ops/conv_weight_gradient.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "ops/direct_conv.hpp"

// dw is a product Aᵀ·B over all output pixels: A's row of a pixel is what the window sees there, B's is dy. Both are read
// where they are, contiguous in channels, so nothing is packed. The work is cut twice, by shape alone: the output rows of all
// images into chunks, and dw into units. A task adds up a few units over one chunk, walking a few image rows at a time so
// that they stay in L2; the chunks' sums are then added in a fixed tree.

namespace juanji {
namespace {

constexpr int64_t kWantedTasks = 16;
constexpr int64_t kPartialBytes = int64_t{1} << 20;  // of all chunks' sums together
constexpr int64_t kMostChunks = 16;
constexpr int64_t kWalkPixels = 512;         // pixels added to a tile between loading and storing it
constexpr int64_t kWalkBytes = 224 * 1024;   // of x and dy under them: they stay in L2 for all units of a task
constexpr int64_t kUnitColumns = 128;
constexpr int64_t kUnitRows = 192;
constexpr double kFlopPerNanosecond = 40;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Rows [row, row + rows) × columns [column, column + columns) of dw, all of one kernel position; or, where the input is
// copied with its halo, of one kernel row.
struct Unit {
  int64_t p;
  int64_t q;
  int64_t a_shift;  // first channel within a pixel of x
  int64_t row;
  int64_t rows;
  int64_t column;
  int64_t columns;
};

template <class T>
struct Plan {
  const ConvWeightGradient<T>& conv;
  const WindowGeometry& g = conv.g;
  const kernels::MatrixTable<T>& kernel = kernels::matrix<T>();
  int64_t group_channels = conv.channels / conv.groups;
  int64_t group_outputs = conv.outputs / conv.groups;
  // Few channels would leave tiles half empty: with a copied halo all KW·C elements of a kernel row are contiguous.
  bool halo = conv.groups == 1 && g.dw == 1 && g.kw > 1 && conv.channels < 2 * kernel.tile_rows;
  int64_t halo_width = (g.ow - 1) * g.sw + g.kw;
  std::vector<Unit> units;
  int64_t total_rows = conv.images * g.oh;
  int64_t walk_rows;
  int64_t chunk_rows;
  int64_t chunks;
  int64_t task_units;
  int64_t unit_tasks;
  int64_t dw_size = g.kh * g.kw * group_channels * conv.outputs;

  explicit Plan(const ConvWeightGradient<T>& c) : conv(c) {
    find_units();
    const int64_t row_bytes = (g.w * g.sh * conv.channels + g.ow * conv.outputs) * static_cast<int64_t>(sizeof(T));
    walk_rows = std::max<int64_t>(1, std::min(kWalkPixels / g.ow, kWalkBytes / std::max<int64_t>(1, row_bytes)));
    const int64_t affordable = kPartialBytes / std::max<int64_t>(1, dw_size * static_cast<int64_t>(sizeof(T)));
    chunks = std::clamp<int64_t>(std::min(affordable, kMostChunks), 1, std::max<int64_t>(1, total_rows / walk_rows));
    chunk_rows = std::max<int64_t>(1, ceil_div(total_rows, chunks));
    chunks = std::max<int64_t>(1, ceil_div(total_rows, chunk_rows));
    const auto count = static_cast<int64_t>(units.size());
    task_units = std::max<int64_t>(1, count * chunks / kWantedTasks);
    unit_tasks = ceil_div(count, task_units);
  }

  void find_units() {
    const int64_t tile = kernel.tile_rows;
    const int64_t row_limit = kUnitRows / tile * tile;
    for (int64_t p = 0; p < g.kh; ++p) {
      for (int64_t q = 0; q < (halo ? 1 : g.kw); ++q) {
        const int64_t span = halo ? g.kw * conv.channels : group_channels;
        for (int64_t group = 0; group < conv.groups; ++group) {
          for (int64_t c = 0; c < span; c += row_limit) {
            for (int64_t o = 0; o < group_outputs; o += kUnitColumns) {
              units.push_back({p, q, group * group_channels + c, (p * g.kw + q) * group_channels + c,
                               std::min(row_limit, span - c), group * group_outputs + o,
                               std::min(kUnitColumns, group_outputs - o)});
            }
          }
        }
      }
    }
  }
};

// Output indices i in [0, out) whose window position lies inside the input: 0 <= i * stride + offset < size.
void inside(int64_t offset, int64_t stride, int64_t size, int64_t out, int64_t& begin, int64_t& end) {
  begin = offset >= 0 ? 0 : ceil_div(-offset, stride);
  end = size - 1 - offset < 0 ? 0 : std::min(out, (size - 1 - offset) / stride + 1);
}

// Where the input is read in place: per row the pixels whose window position (p, q) is not padding.
template <class T>
void runs_in_place(const Plan<T>& plan, const std::vector<Part>& parts, int64_t p, int64_t q,
                   std::vector<kernels::Run>& runs) {
  const WindowGeometry& g = plan.g;
  const int64_t a_step = g.sw * plan.conv.channels;
  int64_t row_begin = 0, row_end = 0, begin = 0, end = 0;
  inside(p * g.dh - g.top, g.sh, g.h, g.oh, row_begin, row_end);
  inside(q * g.dw - g.left, g.sw, g.w, g.ow, begin, end);
  runs.clear();
  if (begin >= end) return;
  for (const Part& part : parts) {
    for (int64_t i = std::max(part.begin, row_begin); i < std::min(part.end, row_end); ++i) {
      const int64_t h = i * g.sh + p * g.dh - g.top;
      const int64_t w = begin * g.sw + q * g.dw - g.left;
      const kernels::Run run{((part.image * g.h + h) * g.w + w) * plan.conv.channels,
                             ((part.image * g.oh + i) * g.ow + begin) * plan.conv.outputs, end - begin};
      if (!runs.empty() && runs.back().a + runs.back().length * a_step == run.a &&
          runs.back().b + runs.back().length * plan.conv.outputs == run.b) {
        runs.back().length += run.length;
      } else {
        runs.push_back(run);
      }
    }
  }
}

// Copies the input rows under `parts` with their halo and lists, per kernel row p, one run per output row.
template <class T>
void runs_with_halo(const Plan<T>& plan, const std::vector<Part>& parts, T* copy,
                    std::vector<std::vector<kernels::Run>>& runs) {
  const WindowGeometry& g = plan.g;
  const int64_t channels = plan.conv.channels;
  const int64_t row_size = plan.halo_width * channels;
  for (auto& list : runs) list.clear();
  int64_t start = 0;
  for (const Part& part : parts) {
    const int64_t rows = (part.end - part.begin - 1) * g.sh + span_h(g);
    copy_with_halo(plan.conv.x + part.image * g.h * g.w * channels, g.h, g.w, channels, g.top, g.left,
                   part.begin * g.sh, rows, plan.halo_width, copy + start);
    for (int64_t p = 0; p < g.kh; ++p) {
      for (int64_t i = part.begin; i < part.end; ++i) {
        runs[static_cast<size_t>(p)].push_back({start + ((i - part.begin) * g.sh + p * g.dh) * row_size,
                                                (part.image * g.oh + i) * g.ow * plan.conv.outputs, g.ow});
      }
    }
    start += rows * row_size;
  }
}

template <class T>
void run_task(const Plan<T>& plan, int64_t chunk, int64_t first_unit, int64_t end_unit, T* dw) {
  const WindowGeometry& g = plan.g;
  const ConvWeightGradient<T>& conv = plan.conv;
  for (int64_t u = first_unit; u < end_unit; ++u) {
    const Unit& unit = plan.units[static_cast<size_t>(u)];
    for (int64_t r = unit.row; r < unit.row + unit.rows; ++r) {
      std::memset(dw + r * conv.outputs + unit.column, 0, static_cast<size_t>(unit.columns) * sizeof(T));
    }
  }
  // A walk may touch every image in it with a halo of its own.
  const int64_t walk_images = plan.walk_rows / g.oh + 2;
  const int64_t halo_rows = plan.walk_rows * g.sh + walk_images * span_h(g);
  const Buffer copy(plan.halo ? static_cast<size_t>(halo_rows * plan.halo_width * conv.channels) * sizeof(T) : 0);
  std::vector<std::vector<kernels::Run>> runs(static_cast<size_t>(plan.halo ? g.kh : 1));

  const int64_t end = std::min((chunk + 1) * plan.chunk_rows, plan.total_rows);
  for (int64_t row = chunk * plan.chunk_rows; row < end; row += plan.walk_rows) {
    const std::vector<Part> parts = split_rows(row, std::min(row + plan.walk_rows, end), g.oh);
    if (plan.halo) runs_with_halo(plan, parts, copy.template as<T>(), runs);
    int64_t p = -1, q = -1;
    for (int64_t u = first_unit; u < end_unit; ++u) {
      const Unit& unit = plan.units[static_cast<size_t>(u)];
      if (!plan.halo && (unit.p != p || unit.q != q)) runs_in_place(plan, parts, unit.p, unit.q, runs[0]);
      p = unit.p;
      q = unit.q;
      const std::vector<kernels::Run>& list = runs[plan.halo ? static_cast<size_t>(p) : 0];
      plan.kernel.multiply_columns({(plan.halo ? copy.template as<T>() : conv.x) + unit.a_shift, g.sw * conv.channels,
                                    conv.dy + unit.column, conv.outputs, dw + unit.row * conv.outputs + unit.column,
                                    conv.outputs, unit.rows, unit.columns, list.data(),
                                    static_cast<int64_t>(list.size()), true});
    }
  }
}

// partial[0] += partial[1], partial[2] += partial[3], ..., then the same at distance 2, 4, ...: a fixed tree.
template <class T>
void add_tree(T* partial, int64_t chunks, int64_t size, T* out) {
  parallel_ranges(size, 4096, static_cast<double>(chunks) * 0.3, [&](int64_t begin, int64_t end) {
    for (int64_t distance = 1; distance < chunks; distance *= 2) {
      for (int64_t i = 0; i + distance < chunks; i += 2 * distance) {
        T* to = partial + i * size;
        const T* from = partial + (i + distance) * size;
        for (int64_t j = begin; j < end; ++j) to[j] += from[j];
      }
    }
    std::memcpy(out + begin, partial + begin, static_cast<size_t>(end - begin) * sizeof(T));
  });
}

}  // namespace

template <class T>
void conv_weight_gradient(const ConvWeightGradient<T>& conv) {
  const Plan<T> plan(conv);
  if (plan.dw_size == 0) return;
  if (plan.total_rows == 0) {
    std::memset(static_cast<void*>(conv.dw), 0, static_cast<size_t>(plan.dw_size) * sizeof(T));
    return;
  }
  const Buffer partial(plan.chunks == 1 ? 0 : static_cast<size_t>(plan.chunks * plan.dw_size) * sizeof(T));
  T* sums = plan.chunks == 1 ? conv.dw : partial.template as<T>();
  const double flop = 2.0 * static_cast<double>(plan.dw_size) * static_cast<double>(plan.total_rows * conv.g.ow);
  const int64_t tasks = plan.chunks * plan.unit_tasks;
  parallel_for(tasks, flop / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t chunk = task / plan.unit_tasks;
    const int64_t first = task % plan.unit_tasks * plan.task_units;
    const int64_t end = std::min(first + plan.task_units, static_cast<int64_t>(plan.units.size()));
    run_task(plan, chunk, first, end, sums + chunk * plan.dw_size);
  });
  if (plan.chunks > 1) add_tree(sums, plan.chunks, plan.dw_size, conv.dw);
}

template void conv_weight_gradient<float>(const ConvWeightGradient<float>&);
template void conv_weight_gradient<double>(const ConvWeightGradient<double>&);

}  // namespace juanji
