#include "ops/conv_weight_gradient.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "ops/direct_conv.hpp"

// dw is a product Aᵀ·B over all output pixels: A's row of a pixel is what the window sees there, B's is dy.
//
// Each walk over a few image rows packs dy in panels, which stay in L1 or L2 while all tiles use them. The input is
// read in one of three forms:
//   in place     wide rows: a run of the matrix kernel per row, without the pixels where the window sees padding.
//   shifted      narrow rows would make short runs: the rows are copied once per kernel column q, shifted by q and
//   padded
//                to the width of the output, so that pixels of successive rows follow each other in one long run.
//   overlapping  few channels: the rows are copied with a halo; the KW·C elements under a kernel row are contiguous, so
//   that
//                all q share a tile.
//
// The work is cut twice, by shape alone: the output rows of all images into chunks, and dw into units. A task adds up a
// few units over one chunk; the chunks' sums are then added in a fixed tree.

namespace juanji {
namespace {

constexpr int64_t kWantedTasks = 16;
constexpr int64_t kPartialBytes = int64_t{1} << 20;  // of all chunks' sums together
constexpr int64_t kMostChunks = 16;
// Of one slice and one panel of dy: both stay in L2, and the panel in L1, for all tiles of a unit.
constexpr int64_t kWalkBytes = 48 * 1024;
constexpr int64_t kLeastWalkPixels = 64;  // added to a tile between loading and storing it
constexpr int64_t kMostWalkPixels = 256;
constexpr int64_t kWideRow = 24;           // output columns of a run that is long enough
constexpr int64_t kLeastTaskColumns = 32;  // the copies of the input are shared by so many output channels
constexpr int64_t kPackedRows = 32;        // a panel of dy that fewer rows of dw use is read where it is
constexpr int64_t kFewChannels = 12;       // fewer make no tiles of their own: kernel columns share them
constexpr int64_t kSliceWidth = 96;        // a multiple of every tile height
constexpr double kFlopPerNanosecond = 40;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Channels [channel, channel + channels) of x at the kernel columns [q, q + columns).
struct Slice {
  int64_t q;
  int64_t columns;
  int64_t channel;
  int64_t channels;

  int64_t width() const { return columns * channels; }
};

// Rows [row, row + width of the slice) × columns [column, column + columns) of dw, of kernel row p.
struct Unit {
  size_t slice;
  int64_t p;
  int64_t row;
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
  std::vector<Slice> slices;
  std::vector<Unit> units;
  int64_t dw_size = g.kh * g.kw * group_channels * conv.outputs;
  int64_t total_rows = conv.images * g.oh;
  int64_t walk_rows;
  int64_t chunk_rows;
  int64_t chunks;
  int64_t task_units;
  int64_t unit_tasks;
  bool overlapping =
      conv.groups == 1 && g.dw == 1 && g.kw > 1 && group_channels < kFewChannels&& g.kw* group_channels <= kSliceWidth;
  bool in_place = !overlapping && (g.ow >= kWideRow || (g.kw == 1 && g.sw == 1));
  bool packed = g.kh * g.kw * group_channels >= kPackedRows;

  explicit Plan(const ConvWeightGradient<T>& c) : conv(c) {
    find_slices();
    const int64_t width = slices.empty() ? 1 : pixel_step(slices[0]);
    const int64_t pixel_bytes = (width + kernel.panel) * static_cast<int64_t>(sizeof(T));
    walk_rows = std::max<int64_t>(1, std::clamp(kWalkBytes / pixel_bytes, kLeastWalkPixels, kMostWalkPixels) / g.ow);
    const int64_t affordable = kPartialBytes / std::max<int64_t>(1, dw_size * static_cast<int64_t>(sizeof(T)));
    chunks = std::clamp<int64_t>(std::min(affordable, kMostChunks), 1, std::max<int64_t>(1, total_rows / walk_rows));
    chunk_rows = std::max<int64_t>(1, ceil_div(total_rows, chunks));
    chunks = std::max<int64_t>(1, ceil_div(total_rows, chunk_rows));
    find_units();
    const auto count = static_cast<int64_t>(units.size());
    task_units = std::max<int64_t>(1, count * chunks / kWantedTasks);
    unit_tasks = ceil_div(count, task_units);
  }

  void find_slices() {
    for (int64_t group = 0; group < conv.groups; ++group) {
      for (int64_t q = 0; q < (overlapping ? 1 : g.kw); ++q) {
        for (int64_t c = 0; c < group_channels; c += kSliceWidth) {
          slices.push_back(
              {q, overlapping ? g.kw : 1, group * group_channels + c, std::min(kSliceWidth, group_channels - c)});
        }
      }
    }
  }

  // Units that share columns follow each other, so that a panel of dy is copied once for all of them; among those,
  // units of one slice do, so that a task needs few slices.
  void find_units() {
    const int64_t blocks =
        std::clamp<int64_t>(kWantedTasks / chunks, 1, std::max<int64_t>(1, group_outputs / kLeastTaskColumns));
    const int64_t columns = ceil_div(ceil_div(group_outputs, blocks), kernel.panel) * kernel.panel;
    const size_t group_slices = slices.size() / static_cast<size_t>(conv.groups);
    for (int64_t group = 0; group < conv.groups; ++group) {
      const size_t first = static_cast<size_t>(group) * group_slices;
      for (int64_t o = 0; o < group_outputs; o += columns) {
        for (size_t s = first; s < first + group_slices; ++s) {
          const int64_t c = slices[s].channel - group * group_channels;
          for (int64_t p = 0; p < g.kh; ++p) {
            units.push_back({s, p, (p * g.kw + slices[s].q) * group_channels + c, group * group_outputs + o,
                             std::min(columns, group_outputs - o)});
          }
        }
      }
    }
  }

  // Elements of x or its copy from one output pixel to the next, and from one row to the next.
  int64_t pixel_step(const Slice& slice) const {
    return in_place || overlapping ? g.sw * conv.channels : slice.channels;
  }
  int64_t row_step(const Slice& slice) const {
    if (in_place) return g.w * conv.channels;
    return overlapping ? ((g.ow - 1) * g.sw + g.kw) * conv.channels : g.ow * slice.channels;
  }

  // Output columns [begin, end) at which kernel column q sees the input and not padding.
  void inside(int64_t q, int64_t& begin, int64_t& end) const {
    const int64_t offset = q * g.dw - g.left;
    begin = std::min(g.ow, offset >= 0 ? 0 : ceil_div(-offset, g.sw));
    end = g.w - 1 - offset < 0 ? begin : std::max(begin, std::min(g.ow, (g.w - 1 - offset) / g.sw + 1));
  }
};

// Copies image row r in the form of a slice: for each output column the slice's channels at its kernel column.
template <class T>
void copy_row(const Plan<T>& plan, const Slice& slice, const T* image, int64_t r, T* dst) {
  const WindowGeometry& g = plan.g;
  const int64_t channels = plan.conv.channels;
  if (plan.overlapping) {
    return copy_with_halo(image, g.h, g.w, channels, 0, g.left, r, 1, (g.ow - 1) * g.sw + g.kw, dst);
  }
  const int64_t width = slice.channels;
  int64_t begin = 0, end = 0;
  plan.inside(slice.q, begin, end);
  const T* from = image + (r * g.w + begin * g.sw + slice.q * g.dw - g.left) * channels + slice.channel;
  const auto bytes = [&](int64_t pixels) { return static_cast<size_t>(pixels * width) * sizeof(T); };
  std::memset(static_cast<void*>(dst), 0, bytes(begin));
  if (width == channels && g.sw == 1) {
    std::memcpy(static_cast<void*>(dst + begin * width), from, bytes(end - begin));
  } else {
    for (int64_t j = begin; j < end; ++j, from += g.sw * channels) {
      std::memcpy(static_cast<void*>(dst + j * width), from, bytes(1));
    }
  }
  std::memset(static_cast<void*>(dst + end * width), 0, bytes(g.ow - end));
}

// A few output rows: the copies of the input under them, and the runs of each kernel row within a slice.
template <class T>
class Walk {
 public:
  Walk(const Plan<T>& plan, int64_t first_unit, int64_t end_unit) : plan_(plan), used_(plan.slices.size()) {
    const WindowGeometry& g = plan.g;
    for (int64_t u = first_unit; u < end_unit; ++u) used_[plan.units[static_cast<size_t>(u)].slice] = true;
    const int64_t images = plan.walk_rows / g.oh + 2;
    most_rows_ = plan.walk_rows * g.sh + images * span_h(g);
    int64_t elements = 0;
    for (size_t s = 0; s < used_.size(); ++s) {
      start_.push_back(elements);
      if (used_[s] && !plan.in_place) elements += most_rows_ * plan.row_step(plan.slices[s]);
    }
    copies_ = Buffer(static_cast<size_t>(elements) * sizeof(T));
    const int64_t widest = ceil_div(plan.units[static_cast<size_t>(first_unit)].columns, plan.kernel.panel);
    panel_elements_ = plan.walk_rows * g.ow * plan.kernel.panel;
    if (plan.packed) panels_ = Buffer(static_cast<size_t>(widest * panel_elements_) * sizeof(T));
  }

  void move_to(int64_t row, int64_t end) {
    const std::vector<Part> parts = split_rows(row, end, plan_.g.oh);
    find_stretches(parts);
    if (!plan_.in_place) copy(parts);
  }

  const T* source(size_t slice) const {
    return plan_.in_place ? plan_.conv.x : copies_.template as<T>() + start_[slice];
  }
  T* panel(int64_t i) const { return panels_.template as<T>() + i * panel_elements_; }

  // Packs `columns` of `pixels` rows of dy, a few rows at a time, so that dy is read in the order of memory.
  void pack(const T* dy, int64_t pixels, int64_t columns) {
    constexpr int64_t kRows = 8;
    const int64_t panel_width = plan_.kernel.panel;
    for (int64_t r = 0; r < pixels; r += kRows) {
      for (int64_t n = 0; n < columns; n += panel_width) {
        plan_.kernel.pack(dy + r * plan_.conv.outputs + n, plan_.conv.outputs, std::min(kRows, pixels - r),
                          std::min(panel_width, columns - n), panel(n / panel_width) + r * panel_width);
      }
    }
  }

  // Runs of kernel row p in a slice; run.b counts rows of dy that lie `b_step` apart.
  void find_runs(int64_t p, const Slice& slice, int64_t b_step, std::vector<kernels::Run>& list) const {
    const WindowGeometry& g = plan_.g;
    int64_t column = 0, end_column = g.ow, shift = 0;
    if (plan_.in_place) {
      plan_.inside(slice.q, column, end_column);
      shift = (column * g.sw + slice.q * g.dw - g.left) * plan_.conv.channels + slice.channel;
    }
    list.clear();
    if (column == end_column) return;
    // Rows that follow each other in both operands are one run.
    const bool joined =
        g.sh == 1 && end_column - column == g.ow && plan_.row_step(slice) == g.ow * plan_.pixel_step(slice);
    for (const Stretch& s : stretches_) {
      const int64_t before = g.top - p * g.dh;  // output row i sees input row i * sh - before
      const int64_t begin = std::max(s.begin, before <= 0 ? 0 : ceil_div(before, g.sh));
      const int64_t end = std::min(s.end, g.h - 1 + before < 0 ? 0 : (g.h - 1 + before) / g.sh + 1);
      for (int64_t i = begin; i < end; ++i) {
        const kernels::Run run{(s.copied + i * g.sh - before - s.first_input) * plan_.row_step(slice) + shift,
                               ((s.panel_row + i - s.begin) * g.ow + column) * b_step, end_column - column};
        if (i > begin && joined)
          list.back().length += g.ow;
        else
          list.push_back(run);
      }
    }
  }

 private:
  // The rows of one image: output rows [begin, end), their place in the panel, the first input row copied and its
  // place.
  struct Stretch {
    int64_t begin, end;
    int64_t panel_row;
    int64_t first_input, end_input;
    int64_t copied;
  };

  void find_stretches(const std::vector<Part>& parts) {
    const WindowGeometry& g = plan_.g;
    stretches_.clear();
    int64_t panel_row = 0;
    int64_t copied = 0;
    for (const Part& part : parts) {
      const int64_t first = std::clamp<int64_t>(part.begin * g.sh - g.top, 0, g.h);
      const int64_t end = std::clamp<int64_t>((part.end - 1) * g.sh + span_h(g) - g.top, first, g.h);
      const int64_t place = plan_.in_place ? part.image * g.h + first : copied;
      stretches_.push_back({part.begin, part.end, panel_row, first, end, place});
      panel_row += part.end - part.begin;
      copied += end - first;
    }
  }

  void copy(const std::vector<Part>& parts) {
    const WindowGeometry& g = plan_.g;
    for (size_t s = 0; s < used_.size(); ++s) {
      if (!used_[s]) continue;
      T* to = copies_.template as<T>() + start_[s];
      for (size_t i = 0; i < parts.size(); ++i) {
        const T* image = plan_.conv.x + parts[i].image * g.h * g.w * plan_.conv.channels;
        for (int64_t r = stretches_[i].first_input; r < stretches_[i].end_input; ++r) {
          copy_row(plan_, plan_.slices[s], image, r, to);
          to += plan_.row_step(plan_.slices[s]);
        }
      }
    }
  }

  const Plan<T>& plan_;
  std::vector<bool> used_;
  std::vector<int64_t> start_;
  int64_t most_rows_ = 0;
  Buffer copies_;
  Buffer panels_;
  int64_t panel_elements_ = 0;
  std::vector<Stretch> stretches_;
};

template <class T>
void run_task(const Plan<T>& plan, int64_t chunk, int64_t first_unit, int64_t end_unit, T* dw) {
  const ConvWeightGradient<T>& conv = plan.conv;
  const auto unit = [&](int64_t u) -> const Unit& { return plan.units[static_cast<size_t>(u)]; };
  const auto slice = [&](int64_t u) -> const Slice& { return plan.slices[unit(u).slice]; };
  for (int64_t u = first_unit; u < end_unit; ++u) {
    for (int64_t r = unit(u).row; r < unit(u).row + slice(u).width(); ++r) {
      std::memset(static_cast<void*>(dw + r * conv.outputs + unit(u).column), 0,
                  static_cast<size_t>(unit(u).columns) * sizeof(T));
    }
  }
  Walk<T> walk(plan, first_unit, end_unit);
  std::vector<std::vector<kernels::Run>> runs(static_cast<size_t>(end_unit - first_unit));
  const int64_t end_row = std::min((chunk + 1) * plan.chunk_rows, plan.total_rows);
  for (int64_t row = chunk * plan.chunk_rows; row < end_row; row += plan.walk_rows) {
    const int64_t rows = std::min(plan.walk_rows, end_row - row);
    walk.move_to(row, row + rows);
    const int64_t b_step = plan.packed ? plan.kernel.panel : conv.outputs;
    for (int64_t u = first_unit; u < end_unit; ++u) {
      walk.find_runs(unit(u).p, slice(u), b_step, runs[static_cast<size_t>(u - first_unit)]);
    }
    for (int64_t first = first_unit, end = first; first < end_unit; first = end) {
      while (end < end_unit && unit(end).column == unit(first).column) ++end;
      const T* dy = conv.dy + row * plan.g.ow * conv.outputs + unit(first).column;
      if (plan.packed) walk.pack(dy, rows * plan.g.ow, unit(first).columns);
      // All columns at once where dy is read in place, else panel by panel.
      const int64_t step = plan.packed ? plan.kernel.panel : unit(first).columns;
      for (int64_t n = 0; n < unit(first).columns; n += step) {
        for (int64_t u = first; u < end; ++u) {
          const std::vector<kernels::Run>& list = runs[static_cast<size_t>(u - first_unit)];
          plan.kernel.multiply_columns(
              {walk.source(unit(u).slice), plan.pixel_step(slice(u)), plan.packed ? walk.panel(n / step) : dy, b_step,
               dw + unit(u).row * conv.outputs + unit(u).column + n, conv.outputs, slice(u).width(),
               std::min(step, unit(first).columns - n), list.data(), static_cast<int64_t>(list.size()), true});
        }
      }
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
