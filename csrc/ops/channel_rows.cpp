#include "ops/channel_rows.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "ops/cut.hpp"

namespace juanji {
namespace {

constexpr int64_t kTaskElements = 32768;
constexpr int64_t kTaskColumns = 512;  // of a task where rows are wide
constexpr int64_t kLeastRows = 64;     // of a task, so that its partial results are few beside its elements
constexpr int64_t kMostTasks = 64;
constexpr int64_t kLeastImages = 16;  // so many images are tasks enough

// Rows laid side by side: as many as give whole vectors, and enough columns that the loop over them counts for little.
int64_t choose_fold(int64_t rows, int64_t channels) {
  constexpr int64_t kLanes = 16;  // of float32 in the widest vector
  constexpr int64_t kLeastCols = 64, kMostCols = 2048, kLeastWideRows = 8;
  if (channels == 0) return 1;
  int64_t step = 1;
  while (step * channels % kLanes != 0) step *= 2;
  const int64_t fold = ceil_div(ceil_div(kLeastCols, channels), step) * step;
  return fold * channels <= kMostCols && rows >= fold * kLeastWideRows ? fold : 1;
}

}  // namespace

ChannelRows::ChannelRows(const TensorSpec& x) {
  channels = x.shape.back();
  rows = channels == 0 ? 0 : x.size() / channels;
  fold = choose_fold(rows, channels);
  cols = fold * channels;
  wide_rows = rows / fold;
  rest = rows % fold;
  task_cols = cols < 2 * kTaskColumns ? cols : kTaskColumns;
  col_tasks = cols == 0 ? 0 : ceil_div(cols, task_cols);
  const int64_t most = std::max<int64_t>(1, wide_rows / kLeastRows);
  const int64_t wanted = std::clamp<int64_t>(wide_rows * task_cols / kTaskElements, 1, std::min(most, kMostTasks));
  task_rows = std::max<int64_t>(1, ceil_div(wide_rows, wanted));
  // Whole images where that leaves enough tasks: sums can then be made by what goes through images one by one.
  const int64_t image_count = x.rank() == 4 ? x.shape[0] : 0;
  images = 0;
  if (image_count >= kLeastImages && col_tasks == 1 && rows > 0 && rows / image_count % fold == 0) {
    const int64_t image_rows = wide_rows / image_count;
    images = ceil_div(task_rows, image_rows);
    task_rows = images * image_rows;
  }
  row_tasks = ceil_div(wide_rows, task_rows);
}

ChannelRows::Part ChannelRows::part(int64_t i) const {
  if (i == row_tasks * col_tasks) return {wide_rows * cols, row_tasks * cols, rest, channels, channels};
  const int64_t task = i / col_tasks;
  const int64_t row = task * task_rows;
  const int64_t col = i % col_tasks * task_cols;
  return {row * cols + col, task * cols + col, std::min(task_rows, wide_rows - row), std::min(task_cols, cols - col),
          cols};
}

void ChannelRows::for_each_part(double cost, FunctionRef<void(const Part&)> body) const {
  parallel_for(parts(), cost * static_cast<double>(task_rows * task_cols), [&](int64_t i, int) { body(part(i)); });
}

void ChannelRows::for_each_group(FunctionRef<void(const Group&)> body) const {
  for (int64_t task = 0; task < row_tasks; ++task) {
    const int64_t own = std::min(task_rows, wide_rows - task * task_rows);
    for (int64_t i = 0; i < fold; ++i) body({task * cols + i * channels, own});
  }
  if (rest > 0) body({row_tasks * cols, rest});
}

void ChannelRows::for_each_range(double cost, FunctionRef<void(int64_t, int64_t)> body) const {
  if (size() == 0) return;
  const int64_t grain = std::max<int64_t>(1, kTaskElements / cols), all = ceil_div(rows, fold);
  parallel_ranges(all, grain, cost * static_cast<double>(cols), [&](int64_t begin, int64_t end) {
    const int64_t first = (all - end) * cols;
    body(first, std::min((all - begin) * cols, size()) - first);
  });
}

}  // namespace juanji
