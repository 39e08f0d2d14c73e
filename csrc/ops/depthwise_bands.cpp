#include "ops/depthwise_bands.hpp"

namespace juanji {
namespace {

// Larger rings hold only what a row of outputs sees: with wide dilations most of a span of rows is for others.
constexpr int64_t kLargestSpan = 128 * 1024;  // bytes

// Leaves out the columns that see nothing wherever they are: what is left bounds the width of padded rows.
void keep_seeing(Taps& taps, int64_t last_output, int64_t width) {
  while (taps.count > 0 && taps.source + last_output < 0) {
    taps.first += taps.step;
    taps.source += taps.source_step;
    --taps.count;
  }
  while (taps.count > 0 && taps.source + (taps.count - 1) * taps.source_step >= width) --taps.count;
  if (taps.count == 0) taps.source = 0;
}

}  // namespace

DepthwiseBands::DepthwiseBands(const DepthwisePlan& plan, std::vector<Taps> rows, std::vector<Taps> columns,
                               int64_t step, int64_t height, int64_t width, int64_t count)
    : rows_(std::move(rows)),
      columns_(std::move(columns)),
      step_(step),
      width_(width),
      count_(count),
      kw_(plan.g.kw),
      kernel_size_(plan.g.kh * plan.g.kw),
      ring_{1, 1, 0, width} {
  int64_t most_rows = 1, span = 1, row_step = 1;
  for (Taps& taps : rows_) {
    keep_inside(taps, height);
    if (taps.count == 0) taps.source = 0;
    most_rows = std::max(most_rows, taps.count);
    span = std::max(span, (taps.count - 1) * taps.source_step + 1);
    row_step = std::max(row_step, taps.source_step);
  }
  const int64_t phases = static_cast<int64_t>(columns_.size());
  int64_t after = 0;
  for (int64_t p = 0; p < phases; ++p) {
    Taps& taps = columns_[static_cast<size_t>(p)];
    const int64_t last = ((count - p + phases - 1) / phases - 1) * step;
    keep_seeing(taps, last, width);
    ring_.before = std::max(ring_.before, -taps.source);
    after = std::max(after, taps.source + std::max<int64_t>(taps.count - 1, 0) * taps.source_step + last + 1 - width);
  }
  ring_.pixels = ring_.before + width + after;
  const bool whole_span = row_step == 1 || span * ring_.pixels * kernels::kDepthwiseLine <= kLargestSpan;
  ring_.slots = whole_span ? span : most_rows;
  ring_.divisor = whole_span ? 1 : row_step;
}

DepthwiseBands DepthwiseBands::forward(const DepthwisePlan& plan) {
  const WindowGeometry& g = plan.g;
  std::vector<Taps> rows;
  for (int64_t i = 0; i < g.oh; ++i) rows.push_back(forward_taps(i, g.kh, g.sh, g.dh, g.top));
  return {plan, std::move(rows), {forward_taps(0, g.kw, g.sw, g.dw, g.left)}, g.sw, g.h, g.w, g.ow};
}

DepthwiseBands DepthwiseBands::backward(const DepthwisePlan& plan) {
  const WindowGeometry& g = plan.g;
  std::vector<Taps> rows, columns;
  for (int64_t i = 0; i < g.h; ++i) rows.push_back(backward_taps(i, g.kh, g.sh, g.dh, g.top));
  // Every sw-th pixel sees the same taps.
  for (int64_t p = 0; p < std::min(g.sw, g.w); ++p) columns.push_back(backward_taps(p, g.kw, g.sw, g.dw, g.left));
  return {plan, std::move(rows), std::move(columns), 1, g.oh, g.ow, g.w};
}

kernels::DepthwiseSlide DepthwiseBands::slide(int64_t first, int64_t count) const {
  return {
      rows_.data() + first, count, columns_.data(), static_cast<int64_t>(columns_.size()), step_, count_, width_, kw_};
}

void for_depthwise_parts(int64_t images, int64_t rows, int64_t c, int64_t work, int64_t kernel,
                         FunctionRef<void(const DepthwisePart& part)> body) {
  constexpr int64_t kProductsPerTask = 131072, kTasks = 64;
  const int64_t lines = depthwise_lines(c);
  const int64_t wanted =
      std::clamp<int64_t>(std::min(work / kProductsPerTask, kTasks / std::max<int64_t>(images, 1)), 1, kTasks);
  const int64_t channel_parts = std::clamp<int64_t>(lines, 1, wanted);
  const int64_t row_parts =
      std::clamp<int64_t>(wanted / channel_parts, 1, std::max<int64_t>(rows / std::max<int64_t>(kernel, 1), 1));
  const int64_t parts = channel_parts * row_parts, part_work = std::max<int64_t>(work / parts, 1);
  parallel_ranges(images * parts, std::max<int64_t>(kProductsPerTask / part_work, 1),
                  static_cast<double>(part_work) * kDepthwiseCost, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) {
                      const int64_t row = i % parts / channel_parts, line = i % channel_parts;
                      const int64_t first = rows * row / row_parts;
                      body({i / parts, first, rows * (row + 1) / row_parts - first,
                            lines * line / channel_parts * kDepthwiseChannels,
                            std::min(c, lines * (line + 1) / channel_parts * kDepthwiseChannels)});
                    }
                  });
}

}  // namespace juanji
