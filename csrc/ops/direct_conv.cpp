#include "ops/direct_conv.hpp"

#include <algorithm>
#include <cstring>

#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "kernels/max_pool_2x2.hpp"

namespace juanji {
namespace {

constexpr int64_t kTaskPixels = 256;        // of a large problem: the weights are read once for so many pixels
constexpr int64_t kLeastTaskPixels = 48;    // below, packing and copying would dominate
constexpr int64_t kWantedTasks = 32;        // enough to share out evenly between many threads
constexpr int64_t kHaloBytes = 192 * 1024;  // of a task's padded rows: they stay in L2 beside a panel of weights
constexpr int64_t kDepthBytes = 4608;       // of one column of packed weights multiplied at a time
constexpr double kFlopPerNanosecond = 40;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Everything that depends on the shapes alone.
template <class T>
struct Plan {
  const DirectConv<T>& conv;
  const kernels::MatrixTable<T>& kernel = kernels::matrix<T>();
  int64_t group_channels;  // input channels of a group
  int64_t group_outputs;   // output channels of a group
  int64_t panels;          // per group
  int64_t reach_h = 0;     // padded rows below a window's first row, and columns behind its first, that taps touch
  int64_t reach_w = 0;
  int64_t grid_rows = 0;  // largest phase
  int64_t grid_columns = 0;
  int64_t width;  // of a padded row
  bool in_place;  // no padding: the input itself serves
  int64_t task_rows;
  int64_t row_tasks;
  int64_t panel_tasks;  // few pixels: output channels are shared out as well
  double flop = 0;
  std::vector<std::vector<kernels::Run>> runs;  // per phase, split at kDepthBytes
  std::vector<std::vector<int64_t>> blocks;     // per phase: first run of each block of depth, and the end
  std::vector<int64_t> packed_start;            // per phase, in elements; groups and panels follow

  explicit Plan(const DirectConv<T>& c) : conv(c) {
    group_channels = conv.channels / conv.groups;
    group_outputs = conv.y_channels / conv.groups;
    panels = ceil_div(group_outputs, kernel.panel);
    int64_t pixels = 0;
    for (const Phase& phase : conv.phases) {
      grid_rows = std::max(grid_rows, phase.rows);
      grid_columns = std::max(grid_columns, phase.columns);
      pixels += phase.rows * phase.columns;
      flop += 2.0 * static_cast<double>(conv.images * phase.rows * phase.columns * conv.y_channels * group_channels) *
              static_cast<double>(phase.taps.size());
      for (const Tap& tap : phase.taps) {
        reach_h = std::max(reach_h, tap.h);
        reach_w = std::max(reach_w, tap.w);
      }
    }
    if (conv.pooled) grid_rows -= grid_rows % 2;
    width = (grid_columns - 1) * conv.sw + reach_w + 1;
    in_place = conv.top == 0 && conv.left == 0 && width <= conv.w && (grid_rows - 1) * conv.sh + reach_h + 1 <= conv.h;
    if (in_place) width = conv.w;
    cut_tasks(pixels);
    int64_t start = 0;
    for (const Phase& phase : conv.phases) {
      packed_start.push_back(start);
      start += static_cast<int64_t>(phase.taps.size()) * group_channels * panels * kernel.panel * conv.groups;
      find_runs(phase);
    }
    packed_start.push_back(start);
  }

  void cut_tasks(int64_t image_pixels) {
    const int64_t row_pixels = std::max<int64_t>(1, image_pixels / std::max<int64_t>(1, grid_rows));
    const int64_t total_rows = conv.images * grid_rows;
    const int64_t pixels = std::clamp(total_rows * row_pixels / kWantedTasks, kLeastTaskPixels, kTaskPixels);
    const int64_t row_bytes = width * conv.channels * conv.sh * static_cast<int64_t>(sizeof(T));
    task_rows = std::max<int64_t>(1, std::min(pixels / row_pixels, kHaloBytes / std::max<int64_t>(1, row_bytes)));
    row_tasks = ceil_div(total_rows, task_rows);
    task_rows = ceil_div(total_rows, std::max<int64_t>(1, row_tasks));
    if (conv.pooled) task_rows += task_rows % 2;  // both rows of a window in one task
    row_tasks = ceil_div(total_rows, std::max<int64_t>(1, task_rows));
    panel_tasks = row_tasks >= kWantedTasks || (conv.pooled && conv.groups > 1)
                      ? 1
                      : std::clamp<int64_t>(kWantedTasks / std::max<int64_t>(1, row_tasks), 1, panels);
  }

  void find_runs(const Phase& phase) {
    const int64_t limit = std::max<int64_t>(1, kDepthBytes / static_cast<int64_t>(sizeof(T)));
    std::vector<kernels::Run> whole;
    int64_t k = 0;
    for (const Tap& tap : phase.taps) {
      const int64_t offset = (tap.h * width + tap.w) * conv.channels;
      if (!whole.empty() && conv.groups == 1 && whole.back().a + whole.back().length == offset) {
        whole.back().length += group_channels;
      } else {
        whole.push_back({offset, k * kernel.panel, group_channels});
      }
      k += group_channels;
    }
    // Equal blocks of depth, so that no short one is left over.
    const int64_t count = std::max<int64_t>(1, ceil_div(k, limit));
    const int64_t size = std::max<int64_t>(1, ceil_div(k, count));
    std::vector<kernels::Run> cut;
    std::vector<int64_t> starts{0};
    int64_t depth = 0;
    for (kernels::Run run : whole) {
      while (run.length > 0) {
        const int64_t piece = std::min(run.length, size - depth);
        cut.push_back({run.a, run.b, piece});
        run = {run.a + piece, run.b + piece * kernel.panel, run.length - piece};
        depth += piece;
        if (depth == size) {
          starts.push_back(static_cast<int64_t>(cut.size()));
          depth = 0;
        }
      }
    }
    if (starts.back() != static_cast<int64_t>(cut.size()) || starts.size() == 1) {
      starts.push_back(static_cast<int64_t>(cut.size()));
    }
    runs.push_back(std::move(cut));
    blocks.push_back(std::move(starts));
  }

  int64_t depth(size_t phase) const { return static_cast<int64_t>(conv.phases[phase].taps.size()) * group_channels; }
};

template <class T>
void pack_weights(const Plan<T>& plan, const T* w, const std::vector<WeightLayout>& layouts, T* packed) {
  const int64_t panel = plan.kernel.panel;
  const int64_t per_phase = plan.conv.groups * plan.panels;
  const auto phases = static_cast<int64_t>(plan.conv.phases.size());
  const double cost = static_cast<double>(plan.packed_start.back()) / static_cast<double>(per_phase * phases) / 2;
  parallel_for(per_phase * phases, cost, [&](int64_t task, int) {
    const auto phase = static_cast<size_t>(task / per_phase);
    const int64_t group = task % per_phase / plan.panels;
    const int64_t column = task % plan.panels * panel;
    const WeightLayout& layout = layouts[phase];
    T* dst = packed + plan.packed_start[phase] + task % per_phase * plan.depth(phase) * panel;
    const int64_t columns = std::min(panel, plan.group_outputs - column);
    for (const int64_t offset : layout.tap_offset) {
      const T* src = w + offset + group * layout.group_step + column * layout.output_step;
      if (layout.output_step == 1) {
        plan.kernel.pack(src, layout.channel_step, plan.group_channels, columns, dst);
      } else {
        plan.kernel.pack_transposed(src, layout.output_step, plan.group_channels, columns, dst);
      }
      dst += plan.group_channels * panel;
    }
  });
}

// The pixels of one task and phase: a pointer into the padded input and one into the output each.
template <class T>
struct Pixels {
  std::vector<const T*> a;
  std::vector<T*> c;
};

template <class T>
void multiply_pixels(const Plan<T>& plan, size_t phase, const Pixels<T>& pixels, const T* packed, int64_t first_panel,
                     int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t panel = plan.kernel.panel;
  const int64_t panel_step = plan.depth(phase) * panel;
  const std::vector<int64_t>& blocks = plan.blocks[phase];
  const int64_t column = first_panel * panel;
  const int64_t columns = std::min(end_panel * panel, plan.group_outputs) - column;
  std::vector<kernels::Run> shifted;
  for (int64_t group = 0; group < conv.groups; ++group) {
    const kernels::Run* runs = plan.runs[phase].data();
    if (group > 0) {
      shifted = plan.runs[phase];
      for (kernels::Run& run : shifted) run.a += group * plan.group_channels;
      runs = shifted.data();
    }
    const int64_t output = group * plan.group_outputs + column;
    const T* bias = conv.bias == nullptr ? nullptr : conv.bias + output;
    for (size_t i = 0; i + 1 < blocks.size(); ++i) {
      const kernels::Start start = i > 0             ? kernels::Start::accumulate
                                   : bias != nullptr ? kernels::Start::bias
                                                     : kernels::Start::zero;
      plan.kernel.multiply_rows({pixels.a.data(), pixels.c.data(), output, static_cast<int64_t>(pixels.a.size()),
                                 columns, runs + blocks[i], blocks[i + 1] - blocks[i],
                                 packed + plan.packed_start[phase] + (group * plan.panels + first_panel) * panel_step,
                                 panel_step, start, bias, i + 2 == blocks.size() ? conv.activation : Activation::none});
    }
  }
}

// Pools what a task has computed: `rows` holds its pixels, row after row of whole images or parts of them.
template <class T>
void pool_rows(const Plan<T>& plan, const std::vector<Part>& parts, const T* rows, int64_t first_panel,
               int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t row_size = plan.grid_columns * conv.y_channels;
  const int64_t column = conv.groups > 1 ? 0 : first_panel * plan.kernel.panel;
  const int64_t end = conv.groups > 1 ? conv.y_channels : std::min(end_panel * plan.kernel.panel, conv.y_channels);
  for (const Part& part : parts) {
    for (int64_t row = part.begin; row < part.end; row += 2, rows += 2 * row_size) {
      const int64_t at = part.image * conv.y_image + row / 2 * conv.y_row + column;
      kernels::max_pool_2x2<T>().row({rows + column, rows + row_size + column, conv.y_channels, conv.y + at,
                                      conv.argmax == nullptr ? nullptr : conv.argmax + at, conv.y_column,
                                      plan.grid_columns / 2, end - column});
    }
  }
}

template <class T>
void run_task(const Plan<T>& plan, const T* packed, int64_t row_task, int64_t first_panel, int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t begin = row_task * plan.task_rows;
  const int64_t end = std::min(begin + plan.task_rows, conv.images * plan.grid_rows);
  const std::vector<Part> parts = split_rows(begin, end, plan.grid_rows);

  std::vector<const T*> sources;  // padded row of the first window of each part
  size_t elements = 0;
  const auto rows_of = [&](const Part& part) { return (part.end - part.begin - 1) * conv.sh + plan.reach_h + 1; };
  for (const Part& part : parts) elements += static_cast<size_t>(rows_of(part) * plan.width * conv.channels);
  const Buffer halo(plan.in_place ? 0 : elements * sizeof(T));
  T* next = halo.template as<T>();
  for (const Part& part : parts) {
    const T* image = conv.x + part.image * conv.h * conv.w * conv.channels;
    if (plan.in_place) {
      sources.push_back(image + part.begin * conv.sh * conv.w * conv.channels);
      continue;
    }
    copy_with_halo(image, conv.h, conv.w, conv.channels, conv.top, conv.left, part.begin * conv.sh, rows_of(part),
                   plan.width, next);
    sources.push_back(next);
    next += rows_of(part) * plan.width * conv.channels;
  }

  const auto own_size = static_cast<size_t>((end - begin) * plan.grid_columns * conv.y_channels);
  const Buffer own(conv.pooled ? own_size * sizeof(T) : 0);  // stays in L2 until it is pooled
  Pixels<T> pixels;
  for (size_t p = 0; p < conv.phases.size(); ++p) {
    const Phase& phase = conv.phases[p];
    pixels.a.clear();
    pixels.c.clear();
    for (size_t i = 0; i < parts.size(); ++i) {
      for (int64_t row = parts[i].begin; row < std::min(parts[i].end, phase.rows); ++row) {
        const T* a = sources[i] + (row - parts[i].begin) * conv.sh * plan.width * conv.channels;
        T* c = conv.pooled ? own.template as<T>() + static_cast<int64_t>(pixels.c.size()) * conv.y_channels
                           : conv.y + parts[i].image * conv.y_image + phase.y_offset + row * conv.y_row;
        const int64_t c_step = conv.pooled ? conv.y_channels : conv.y_column;
        for (int64_t column = 0; column < phase.columns; ++column) {
          pixels.a.push_back(a + column * conv.sw * conv.channels);
          pixels.c.push_back(c + column * c_step);
        }
      }
    }
    multiply_pixels(plan, p, pixels, packed, first_panel, end_panel);
  }
  if (conv.pooled) pool_rows(plan, parts, own.template as<T>(), first_panel, end_panel);
}

}  // namespace

std::vector<Part> split_rows(int64_t begin, int64_t end, int64_t rows_per_image) {
  std::vector<Part> parts;
  while (begin < end) {
    const int64_t image = begin / rows_per_image;
    const int64_t first = begin - image * rows_per_image;
    const int64_t last = std::min(rows_per_image, first + end - begin);
    parts.push_back({image, first, last});
    begin += last - first;
  }
  return parts;
}

template <class T>
void copy_with_halo(const T* image, int64_t h, int64_t w, int64_t channels, int64_t top, int64_t left, int64_t row,
                    int64_t count, int64_t width, T* dst) {
  const auto bytes = [&](int64_t pixels) {
    return static_cast<size_t>(std::max<int64_t>(0, pixels) * channels) * sizeof(T);
  };
  // Columns of the image that fall inside [0, width): a window may start behind padding or end before the image does.
  const int64_t first = std::min(width, std::max<int64_t>(0, left));
  const int64_t inside = std::max<int64_t>(0, std::min(w - std::max<int64_t>(0, -left), width - first));
  for (int64_t r = row; r < row + count; ++r, dst += width * channels) {
    const int64_t source = r - top;
    if (source < 0 || source >= h) {
      std::memset(static_cast<void*>(dst), 0, bytes(width));
      continue;
    }
    const T* src = image + (source * w + std::max<int64_t>(0, -left)) * channels;
    std::memset(static_cast<void*>(dst), 0, bytes(first));
    std::memcpy(static_cast<void*>(dst + first * channels), src, bytes(inside));
    std::memset(static_cast<void*>(dst + (first + inside) * channels), 0, bytes(width - first - inside));
  }
}

template <class T>
void direct_conv(const DirectConv<T>& conv, const T* w, const std::vector<WeightLayout>& layouts) {
  if (conv.images == 0 || conv.y_channels == 0) return;
  const Plan<T> plan(conv);
  if (plan.grid_rows == 0 || plan.grid_columns == 0) return;
  const Buffer packed(static_cast<size_t>(plan.packed_start.back()) * sizeof(T));
  if (plan.packed_start.back() > 0) pack_weights(plan, w, layouts, packed.template as<T>());
  const int64_t tasks = plan.row_tasks * plan.panel_tasks;
  parallel_for(tasks, plan.flop / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t part = task % plan.panel_tasks;
    run_task(plan, packed.template as<T>(), task / plan.panel_tasks, part * plan.panels / plan.panel_tasks,
             (part + 1) * plan.panels / plan.panel_tasks);
  });
}

template void direct_conv<float>(const DirectConv<float>&, const float*, const std::vector<WeightLayout>&);
template void direct_conv<double>(const DirectConv<double>&, const double*, const std::vector<WeightLayout>&);
template void copy_with_halo<float>(const float*, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                                    int64_t, float*);
template void copy_with_halo<double>(const double*, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                                     int64_t, double*);

}  // namespace juanji
