#include "ops/depthwise_bands.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace juanji {
namespace {

// Larger rings hold only what a row of outputs sees: with wide dilations most of a span of rows is for others.
constexpr int64_t kLargestSpan = 128 * 1024;  // bytes

// What a ring may take of the first cache, and how narrow a strip may become for that: its neighbours copy the pixels
// at its edges too.
constexpr int64_t kRingBytes = 28 * 1024;
constexpr int64_t kNarrowestStrip = 28;

constexpr int64_t kChannels = kernels::kDepthwiseLine / static_cast<int64_t>(sizeof(float));

int64_t cut(int64_t size, int64_t part, int64_t parts) { return size * part / parts; }

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

int64_t DepthwiseChannels::lines(int64_t c) { return (c + kChannels - 1) / kChannels; }

DepthwiseChannels::DepthwiseChannels(int64_t c, int64_t part, int64_t parts)
    : first(cut(lines(c), part, parts) * kChannels),
      last(std::min(c, cut(lines(c), part + 1, parts) * kChannels)) {}

DepthwiseBands::DepthwiseBands(const DepthwisePlan& plan, std::vector<Taps> rows, std::vector<Taps> columns,
                               int64_t step, int64_t height, int64_t width, int64_t count)
    : rows_(std::move(rows)),
      columns_(std::move(columns)),
      images_(plan.n),
      step_(step),
      width_(width),
      count_(count),
      c_(plan.c),
      kh_(plan.g.kh),
      kw_(plan.g.kw),
      work_(plan.g.oh * plan.g.ow * plan.weights()) {
  int64_t most_rows = 1, span = 1, row_step = 1, reach = 1;
  for (Taps& taps : rows_) {
    keep_inside(taps, height);
    if (taps.count == 0) taps.source = 0;
    most_rows = std::max(most_rows, taps.count);
    span = std::max(span, (taps.count - 1) * taps.source_step + 1);
    row_step = std::max(row_step, taps.source_step);
  }
  for (int64_t p = 0; p < phases(); ++p) {
    Taps& taps = columns_[static_cast<size_t>(p)];
    keep_seeing(taps, ((count - p + phases() - 1) / phases() - 1) * step, width);
    reach = std::max(reach, (taps.count - 1) * taps.source_step + 1);
  }
  const int64_t narrowest = std::max(kNarrowestStrip, 2 * reach / step) * phases();
  const auto strip_of = [&](int64_t slots) {
    const int64_t pixels = kRingBytes / kernels::kDepthwiseLine / slots;
    return std::max(narrowest, (pixels - reach) / step * phases());
  };
  const bool whole_span = row_step == 1 || span * (strip_of(span) + reach) * kernels::kDepthwiseLine <= kLargestSpan;
  slots_ = whole_span ? span : most_rows;
  divisor_ = whole_span ? 1 : row_step;
  // Strips of nearly the same width.
  const int64_t strips = std::max<int64_t>(1, (count + strip_of(slots_) - 1) / strip_of(slots_));
  strip_ = ((count + strips - 1) / strips + phases() - 1) / phases() * phases();
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

kernels::DepthwiseSlide DepthwiseBands::slide(const DepthwisePart& part, int64_t column, int64_t count,
                                              std::vector<Taps>& columns, int64_t& x_column) const {
  columns = columns_;
  int64_t begin = std::numeric_limits<int64_t>::max(), end = 0;
  for (int64_t p = 0; p < std::min(phases(), count); ++p) {
    Taps& taps = columns[static_cast<size_t>(p)];
    taps.source += column / phases() * step_;
    const int64_t last = ((count - p + phases() - 1) / phases() - 1) * step_;
    begin = std::min(begin, taps.source);
    end = std::max(end, taps.source + std::max<int64_t>(taps.count - 1, 0) * taps.source_step + last + 1);
  }
  for (Taps& taps : columns) taps.source -= begin;
  x_column = std::clamp<int64_t>(begin, 0, width_);
  const int64_t held = std::clamp<int64_t>(end, x_column, width_) - x_column;
  return {rows_.data() + part.row,
          part.rows,
          columns.data(),
          phases(),
          step_,
          count,
          kh_,
          kw_,
          slots_,
          divisor_,
          end - begin,
          held == 0 ? 0 : x_column - begin,
          held};
}

void DepthwiseBands::for_each(FunctionRef<void(const DepthwisePart& part)> body) const {
  constexpr int64_t kProductsPerTask = 131072, kTasks = 64;
  // Parts by rows copy the rows at their edges twice. A few lines of a pixel mostly lie in one page.
  constexpr int64_t kKernelsToAPart = 4, kLinesToAPart = 4;
  const int64_t rows = static_cast<int64_t>(rows_.size()), work = std::max<int64_t>(work_, 1);
  const int64_t strips = (count_ + strip_ - 1) / strip_;
  const int64_t wanted = std::min(work / kProductsPerTask, kTasks / std::max<int64_t>(images_, 1)) / strips;
  const int64_t by_channels =
      std::clamp<int64_t>(wanted, 1, std::max<int64_t>(DepthwiseChannels::lines(c_) / kLinesToAPart, 1));
  const int64_t by_rows =
      std::clamp<int64_t>(wanted / by_channels, 1, std::max<int64_t>(rows / (kKernelsToAPart * kh_), 1));
  const int64_t parts = strips * by_channels * by_rows, part_work = std::max<int64_t>(work / parts, 1);
  const auto make = [&](int64_t i) {
    const int64_t strip = i % strips, by_row = i / strips % by_rows, by_channel = i / strips / by_rows % by_channels;
    const int64_t row = cut(rows, by_row, by_rows), column = strip * strip_;
    const DepthwiseChannels channels(c_, by_channel, by_channels);
    body({i / parts, row, cut(rows, by_row + 1, by_rows) - row, column, std::min(strip_, count_ - column),
          channels.first, channels.last});
  };
  parallel_ranges(images_ * parts, std::max<int64_t>(kProductsPerTask / part_work, 1),
                  static_cast<double>(part_work) * kDepthwiseCost, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) make(i);
                  });
}

}  // namespace juanji
