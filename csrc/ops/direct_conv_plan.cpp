#include "ops/direct_conv_plan.hpp"
#include "ops/cut.hpp"

#include <algorithm>

namespace juanji {
namespace {

constexpr int64_t kTaskPixels = 256;        // of a large problem: the weights are read once for so many pixels
constexpr int64_t kMostTaskPixels = 1024;   // where a pixel is little work
constexpr int64_t kLeastTaskPixels = 48;    // below, copying would dominate
constexpr double kLeastTaskFlop = 4e5;      // and starting the task
constexpr double kTaskFlop = 4e6;           // enough to make up for what a task costs
constexpr int64_t kWantedTasks = 32;        // enough to share out evenly between many threads
constexpr size_t kMostPhases = 4;           // by which the numbers of pixels are multiplied, whatever the stride
constexpr int64_t kHaloBytes = 192 * 1024;  // of a task's padded rows: they stay in L2 beside a panel of weights
constexpr int64_t kDepthBytes = 4608;       // of one column of packed weights multiplied at a time
constexpr int64_t kFarChannels = 32;        // of a pixel that are worth asking for
constexpr int64_t kFarBytes = 256 * 1024;   // of weights that a near cache does not hold

}  // namespace

template <class T>
PackedWeights<T>::PackedWeights(const DirectConv<T>& conv)
    : kernel(kernels::matrix<T>()),
      group_channels(conv.channels / conv.groups),
      group_outputs(conv.y_channels / conv.groups),
      panels(ceil_div(group_outputs, kernel.panel)) {
  int64_t end = 0;
  for (const Phase& phase : conv.phases) {
    start.push_back(end);
    depth.push_back(static_cast<int64_t>(phase.taps.size()) * group_channels);
    end += depth.back() * panels * kernel.panel * conv.groups;
  }
  start.push_back(end);
}

template <class T>
DirectConvPlan<T>::DirectConvPlan(const DirectConv<T>& c) : conv(c),
                                                            weights(c) {
  measure();
  cut_tasks();
  for (const Phase& phase : conv.phases) find_runs(phase);
  far_pixels = in_place && reach_h == 0 && reach_w == 0 && weights.group_channels >= kFarChannels;
  far_weights = weights.start.back() * static_cast<int64_t>(sizeof(T)) > kFarBytes;
}

template <class T>
void DirectConvPlan<T>::measure() {
  for (const Phase& phase : conv.phases) {
    grid_rows = std::max(grid_rows, phase.rows);
    grid_columns = std::max(grid_columns, phase.columns);
    flop += 2.0 *
            static_cast<double>(conv.images * phase.rows * phase.columns * conv.y_channels * weights.group_channels) *
            static_cast<double>(phase.taps.size());
    for (const Tap& tap : phase.taps) {
      reach_h = std::max(reach_h, tap.h);
      reach_w = std::max(reach_w, tap.w);
    }
  }
  if (conv.pooled) grid_rows -= grid_rows % 2;
  width = (grid_columns - 1) * conv.sw + reach_w + 1;
  in_place = conv.make_rows == nullptr && conv.top == 0 && conv.left == 0 && width <= conv.w &&
             (grid_rows - 1) * conv.sh + reach_h + 1 <= conv.h;
  if (in_place || conv.make_rows != nullptr) width = conv.w;
}

template <class T>
void DirectConvPlan<T>::cut_tasks() {
  int64_t image_pixels = 0;
  for (const Phase& phase : conv.phases) image_pixels += phase.rows * phase.columns;
  const int64_t row_pixels = std::max<int64_t>(1, image_pixels / std::max<int64_t>(1, grid_rows));
  const int64_t total_rows = conv.images * grid_rows;
  const int64_t total_pixels = std::max<int64_t>(1, total_rows * row_pixels);
  const auto worthwhile = static_cast<int64_t>(kTaskFlop * static_cast<double>(total_pixels) / std::max(1.0, flop));
  // Each phase has weights of its own, which only its pixels share.
  const auto phases = static_cast<int64_t>(std::clamp<size_t>(conv.phases.size(), 1, kMostPhases));
  const int64_t pixels = std::clamp(total_pixels / kWantedTasks, phases * kLeastTaskPixels,
                                    std::clamp(worthwhile, phases * kTaskPixels, phases * kMostTaskPixels));
  const int64_t row_bytes = width * conv.channels * conv.sh * static_cast<int64_t>(sizeof(T));
  task_rows = std::max<int64_t>(1, std::min(pixels / row_pixels, kHaloBytes / std::max<int64_t>(1, row_bytes)));
  row_tasks = ceil_div(total_rows, task_rows);
  task_rows = ceil_div(total_rows, std::max<int64_t>(1, row_tasks));
  if (conv.pooled) task_rows += task_rows % 2;  // both rows of a window in one task
  row_tasks = ceil_div(total_rows, std::max<int64_t>(1, task_rows));
  const bool whole_pixels = conv.pooled && conv.groups > 1;
  if (row_tasks < kWantedTasks && weights.panels > 0 && !whole_pixels) {
    panel_tasks = std::clamp<int64_t>(kWantedTasks / std::max<int64_t>(1, row_tasks), 1, weights.panels);
  }
}

template <class T>
void DirectConvPlan<T>::find_runs(const Phase& phase) {
  const int64_t limit = std::max<int64_t>(1, kDepthBytes / static_cast<int64_t>(sizeof(T)));
  std::vector<kernels::Run> whole;
  int64_t k = 0;
  for (const Tap& tap : phase.taps) {
    const int64_t offset = (tap.h * width + tap.w) * conv.channels;
    if (!whole.empty() && conv.groups == 1 && whole.back().a + whole.back().length == offset) {
      whole.back().length += weights.group_channels;
    } else {
      whole.push_back({offset, k * weights.kernel.panel, weights.group_channels});
    }
    k += weights.group_channels;
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
      run = {run.a + piece, run.b + piece * weights.kernel.panel, run.length - piece};
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

template struct PackedWeights<float>;
template struct PackedWeights<double>;
template struct DirectConvPlan<float>;
template struct DirectConvPlan<double>;

}  // namespace juanji
