#include "ops/direct_conv.hpp"

#include <algorithm>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/max_pool_2x2.hpp"
#include "ops/direct_conv_plan.hpp"
#include "ops/halo.hpp"
#include "ops/pixel_groups.hpp"

namespace juanji {
namespace {

constexpr double kFlopPerNanosecond = 40;

// The pixels of one task and phase: a pointer into the padded input and one into the output each.
template <class T>
struct Pixels {
  const T** a;
  T** c;
  int64_t count;
};

// What the kernel will read after block i of depth of these panels: the next block of the first one.
template <class T>
kernels::Ahead<T> next_block(const DirectConvPlan<T>& plan, size_t phase, size_t i, const T* panels) {
  const std::vector<int64_t>& blocks = plan.blocks[phase];
  if (!plan.far_weights || i + 2 >= blocks.size()) return {};
  const int64_t panel = plan.weights.kernel.panel;
  const kernels::Run& first = plan.runs[phase][static_cast<size_t>(blocks[i + 1])];
  const kernels::Run& last = plan.runs[phase][static_cast<size_t>(blocks[i + 2] - 1)];
  return {panels + first.b, panel, (last.b - first.b) / panel + last.length, panel};
}

template <class T>
void multiply_pixels(const DirectConvPlan<T>& plan, size_t phase, const Pixels<T>& pixels, const T* packed,
                     int64_t first_panel, int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const PackedWeights<T>& weights = plan.weights;
  const std::vector<int64_t>& blocks = plan.blocks[phase];
  const int64_t column = first_panel * weights.kernel.panel;
  const int64_t columns = std::min(end_panel * weights.kernel.panel, weights.group_outputs) - column;
  std::vector<kernels::Run> shifted;
  for (int64_t group = 0; group < conv.groups; ++group) {
    const kernels::Run* runs = plan.runs[phase].data();
    if (group > 0) {
      shifted = plan.runs[phase];
      for (kernels::Run& run : shifted) run.a += group * weights.group_channels;
      runs = shifted.data();
    }
    const int64_t output = group * weights.group_outputs + column;
    const T* bias = conv.bias == nullptr ? nullptr : conv.bias + output;
    const kernels::Start first = bias == nullptr ? (conv.add ? kernels::Start::accumulate : kernels::Start::zero)
                                                 : (conv.add ? kernels::Start::both : kernels::Start::bias);
    const T* panels = packed + weights.panel_start(phase, group, first_panel);
    for (size_t i = 0; i + 1 < blocks.size(); ++i) {
      const kernels::Start start = i == 0 ? first : kernels::Start::accumulate;
      weights.kernel.multiply_rows({pixels.a, pixels.c, output, pixels.count, columns, runs + blocks[i],
                                    blocks[i + 1] - blocks[i], panels, weights.depth[phase] * weights.kernel.panel,
                                    start, bias, i + 2 == blocks.size() ? conv.activation : Activation::none,
                                    plan.far_pixels, plan.far_weights, next_block(plan, phase, i, panels)});
    }
  }
}

// Padded rows of each part of a task, copied or in place: where the first window begins.
template <class T>
std::vector<const T*> find_sources(const DirectConvPlan<T>& plan, const std::vector<Part>& parts, Buffer& halo) {
  const DirectConv<T>& conv = plan.conv;
  const auto rows_of = [&](const Part& part) { return (part.end - part.begin - 1) * conv.sh + plan.reach_h + 1; };
  size_t elements = 0;
  for (const Part& part : parts) elements += static_cast<size_t>(rows_of(part) * plan.width * conv.channels);
  if (!plan.in_place) halo = Buffer(elements * sizeof(T));
  T* next = halo.as<T>();
  std::vector<const T*> sources;
  for (const Part& part : parts) {
    const T* image = conv.x + part.image * conv.h * conv.w * conv.channels;
    if (plan.in_place) {
      sources.push_back(image + part.begin * conv.sh * conv.w * conv.channels);
      continue;
    }
    const int64_t row = part.begin * conv.sh, count = rows_of(part);
    if (conv.make_rows != nullptr) {
      (*conv.make_rows)(part.image, row, count, next);
    } else {
      copy_with_halo(image, conv.h, conv.w, conv.channels, conv.top, conv.left, row, count, plan.width, next);
    }
    sources.push_back(next);
    next += rows_of(part) * plan.width * conv.channels;
  }
  return sources;
}

// Pools what a task has computed: `rows` holds its pixels, row after row of whole images or parts of them.
template <class T>
void pool_rows(const DirectConvPlan<T>& plan, const std::vector<Part>& parts, const T* rows, int64_t first_panel,
               int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t panel = plan.weights.kernel.panel;
  const int64_t row_size = plan.grid_columns * conv.y_channels;
  const int64_t column = conv.groups > 1 ? 0 : first_panel * panel;
  const int64_t end = conv.groups > 1 ? conv.y_channels : std::min(end_panel * panel, conv.y_channels);
  for (const Part& part : parts) {
    for (int64_t row = part.begin; row < part.end; row += 2, rows += 2 * row_size) {
      const int64_t at = part.image * conv.y_image + row / 2 * conv.y_row + column;
      kernels::max_pool_2x2<T>().row({rows + column, rows + row_size + column, conv.y_channels, conv.y + at,
                                      conv.argmax == nullptr ? nullptr : conv.argmax + at, conv.y_column,
                                      plan.grid_columns / 2, end - column});
    }
  }
}

// The pixels of a task and phase are there.
template <class T>
void report(const DirectConvPlan<T>& plan, const std::vector<Part>& parts, const Phase& phase, int64_t first_panel,
            int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  if (conv.finished == nullptr) return;
  const int64_t panel = plan.weights.kernel.panel;
  const int64_t columns = std::min(end_panel * panel, plan.weights.group_outputs) - first_panel * panel;
  for (const Part& part : parts) {
    const int64_t rows = std::min(part.end, phase.rows) - part.begin;
    if (rows > 0) (*conv.finished)(part.image, rows * phase.columns * columns * conv.groups);
  }
}

template <class T>
void run_task(const DirectConvPlan<T>& plan, const T* packed, int64_t row_task, int64_t first_panel,
              int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t begin = row_task * plan.task_rows;
  const int64_t end = std::min(begin + plan.task_rows, conv.images * plan.grid_rows);
  const std::vector<Part> parts = split_rows(begin, end, plan.grid_rows);
  Buffer halo;
  const std::vector<const T*> sources = find_sources(plan, parts, halo);
  const auto most = static_cast<size_t>(plan.task_rows * plan.grid_columns);
  const Buffer pointers(2 * most * sizeof(T*));
  const auto own_size = static_cast<size_t>((end - begin) * plan.grid_columns * conv.y_channels);
  const Buffer own(conv.pooled ? own_size * sizeof(T) : 0);  // stays in L2 until it is pooled
  const int64_t c_step = conv.pooled ? conv.y_channels : conv.y_column;
  Pixels<T> pixels{pointers.as<const T*>(), pointers.as<T*>() + most, 0};
  for (size_t p = 0; p < conv.phases.size(); ++p) {
    const Phase& phase = conv.phases[p];
    pixels.count = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      for (int64_t row = parts[i].begin; row < std::min(parts[i].end, phase.rows); ++row) {
        const T* a = sources[i] + (row - parts[i].begin) * conv.sh * plan.width * conv.channels;
        T* c = conv.pooled ? own.as<T>() + pixels.count * conv.y_channels
                           : conv.y + parts[i].image * conv.y_image + phase.y_offset + row * conv.y_row;
        for (int64_t column = 0; column < phase.columns; ++column) {
          pixels.a[pixels.count + column] = a + column * conv.sw * conv.channels;
          pixels.c[pixels.count + column] = c + column * c_step;
        }
        pixels.count += phase.columns;
      }
    }
    multiply_pixels(plan, p, pixels, packed, first_panel, end_panel);
    report(plan, parts, phase, first_panel, end_panel);
  }
  if (conv.pooled) pool_rows<T>(plan, parts, own.as<T>(), first_panel, end_panel);
}

}  // namespace

template <class T>
int64_t packed_weights_size(const DirectConv<T>& conv) {
  return PackedWeights<T>(conv).start.back();
}

template <class T>
void pack_weights(const DirectConv<T>& conv, const T* w, const std::vector<WeightLayout>& layouts, T* packed) {
  const PackedWeights<T> weights(conv);
  if (weights.start.back() == 0) return;
  const int64_t panel = weights.kernel.panel;
  const int64_t per_phase = conv.groups * weights.panels;
  const auto phases = static_cast<int64_t>(conv.phases.size());
  const double cost = static_cast<double>(weights.start.back()) / static_cast<double>(per_phase * phases) / 2;
  parallel_for(per_phase * phases, cost, [&](int64_t task, int) {
    const auto phase = static_cast<size_t>(task / per_phase);
    const int64_t group = task % per_phase / weights.panels;
    const int64_t p = task % weights.panels;
    const WeightLayout& layout = layouts[phase];
    T* dst = packed + weights.panel_start(phase, group, p);
    const int64_t columns = std::min(panel, weights.group_outputs - p * panel);
    for (const int64_t offset : layout.tap_offset) {
      const T* src = w + offset + group * layout.group_step + p * panel * layout.output_step;
      if (layout.output_step == 1) {
        weights.kernel.pack(src, layout.channel_step, weights.group_channels, columns, dst);
      } else {
        weights.kernel.pack_transposed(src, layout.output_step, weights.group_channels, columns, dst);
      }
      dst += weights.group_channels * panel;
    }
  });
}

template <class T>
void direct_conv(const DirectConv<T>& conv, const T* packed) {
  const DirectConvPlan<T> plan(conv);
  if (conv.images == 0 || conv.y_channels == 0 || plan.grid_rows == 0 || plan.grid_columns == 0) return;
  const int64_t tasks = plan.row_tasks * plan.panel_tasks;
  const int64_t panels = plan.weights.panels;
  parallel_for(tasks, plan.flop / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t part = task % plan.panel_tasks;
    run_task(plan, packed, task / plan.panel_tasks, part * panels / plan.panel_tasks,
             (part + 1) * panels / plan.panel_tasks);
  });
}

template <class T>
void direct_conv(const DirectConv<T>& conv, const T* w, const std::vector<WeightLayout>& layouts) {
  if (const int64_t pixels = pixels_together(conv); pixels > 1) {
    const PixelGroups<T> groups(conv, w, layouts[0], pixels);
    const Buffer packed(static_cast<size_t>(packed_weights_size(groups.conv())) * sizeof(T));
    pack_weights(groups.conv(), groups.weights(), {groups.layout()}, packed.as<T>());
    return direct_conv(groups.conv(), static_cast<const T*>(packed.as<T>()));
  }
  const Buffer packed(static_cast<size_t>(packed_weights_size(conv)) * sizeof(T));
  pack_weights(conv, w, layouts, packed.as<T>());
  direct_conv(conv, static_cast<const T*>(packed.as<T>()));
}

template int64_t packed_weights_size<float>(const DirectConv<float>&);
template int64_t packed_weights_size<double>(const DirectConv<double>&);
template void pack_weights<float>(const DirectConv<float>&, const float*, const std::vector<WeightLayout>&, float*);
template void pack_weights<double>(const DirectConv<double>&, const double*, const std::vector<WeightLayout>&, double*);
template void direct_conv<float>(const DirectConv<float>&, const float*);
template void direct_conv<double>(const DirectConv<double>&, const double*);
template void direct_conv<float>(const DirectConv<float>&, const float*, const std::vector<WeightLayout>&);
template void direct_conv<double>(const DirectConv<double>&, const double*, const std::vector<WeightLayout>&);

}  // namespace juanji
