#include "ops/weight_gradient_plan.hpp"
#include "ops/cut.hpp"

#include <algorithm>

namespace juanji {
namespace {

constexpr int64_t kWantedTasks = 16;
constexpr int64_t kPartialBytes = int64_t{4} << 20;  // of all chunks' sums together
constexpr int64_t kWalkBytes = 28 * 1024;            // a panel of dy and a slice of x stay in L1 for all tiles of both
constexpr int64_t kLeastWalkPixels = 48;             // added to a tile between loading and storing it
constexpr int64_t kMostWalkPixels = 256;
constexpr int64_t kWideRow = 24;       // output columns of a run that is long enough
constexpr int64_t kNarrowPixel = 160;  // bytes of a pixel of x that is read where it is: wider ones share cache sets
constexpr int64_t kPointPixel = 256;   // the same for one without a window, which is used too rarely to be copied
constexpr int64_t kPointOutput = 384;  // and of its pixel of dy
constexpr int64_t kPointBytes = 20 * 1024;  // in place of kWalkBytes there
constexpr int64_t kPackedRows = 32;   // a panel of dy that fewer rows of dw use, or a narrow one, is read in place
constexpr int64_t kFewChannels = 12;  // fewer make no tiles of their own
constexpr int64_t kOverlap = 96;      // rows of dw that overlapping kernel columns make
constexpr int64_t kSliceWidth = 32;   // channels
constexpr int64_t kPointWidth = 64;   // channels where a slice is not copied
// A block stays in L2. Its columns share the copies of the input and its rows those of dy: 288 x 64 for 3 x 3 kernels.
constexpr int64_t kBlockElements = 65536;
constexpr int64_t kBlockRows = 288;
constexpr int64_t kBlockTaps = 576;  // kernel positions times columns

template <class T>
constexpr auto kSize = static_cast<int64_t>(sizeof(T));

}  // namespace

template <class T>
WeightGradientPlan<T>::WeightGradientPlan(const ConvWeightGradient<T>& c)
    : conv(c),
      g(c.g),
      kernel(kernels::matrix<T>()),
      group_channels(c.channels / c.groups),
      group_outputs(c.outputs / c.groups),
      dw_size(g.kh * g.kw * group_channels * c.outputs),
      form(choose_form()),
      packed(choose_packed()) {
  if (dw_size == 0 || conv.images * g.oh * g.ow == 0) return;
  find_blocks(find_slices());
  cut_walks();
  cut_chunks();
}

template <class T>
InputForm WeightGradientPlan<T>::choose_form() const {
  if (conv.groups == 1 && g.dw == 1 && g.kw > 1 && group_channels < kFewChannels && g.kw * group_channels <= kOverlap) {
    return InputForm::overlapping;
  }
  const bool narrow =
      conv.channels * g.sw * kSize<T> <= (pointwise() ? kPointPixel : kNarrowPixel) || group_channels < kFewChannels;
  return narrow && (g.ow >= kWideRow || (g.kw == 1 && g.sw == 1)) ? InputForm::in_place : InputForm::shifted;
}

template <class T>
bool WeightGradientPlan<T>::choose_packed() const {
  if (form == InputForm::in_place && pointwise() && conv.outputs * kSize<T> <= kPointOutput) return false;
  return g.kh * g.kw * group_channels >= kPackedRows && 4 * group_outputs > kernel.panel;
}

template <class T>
int64_t WeightGradientPlan<T>::find_slices() {
  const bool overlapping = form == InputForm::overlapping;
  const int64_t most = form == InputForm::in_place && pointwise() ? kPointWidth : kSliceWidth;
  const int64_t width = overlapping ? group_channels : ceil_div(group_channels, ceil_div(group_channels, most));
  for (int64_t group = 0; group < conv.groups; ++group) {
    for (int64_t c = 0; c < group_channels; c += width) {
      for (int64_t q = 0; q < (overlapping ? 1 : g.kw); ++q) {
        slices.push_back({q, overlapping ? g.kw : 1, group * group_channels + c, std::min(width, group_channels - c)});
      }
    }
  }
  return ceil_div(group_channels, width);
}

template <class T>
void WeightGradientPlan<T>::find_blocks(int64_t parts) {
  const auto part_slices = static_cast<int64_t>(slices.size()) / (parts * conv.groups);
  const int64_t part_rows = g.kh * g.kw * ceil_div(group_channels, parts);
  const int64_t wanted = std::min(kBlockTaps / (g.kh * g.kw), group_outputs);
  const int64_t columns = std::max<int64_t>(1, ceil_div(wanted, kernel.panel)) * kernel.panel;
  const int64_t most = std::min(kBlockRows, kBlockElements / columns) / part_rows;
  const int64_t together = ceil_div(parts, ceil_div(parts, std::max<int64_t>(1, most)));
  for (int64_t group = 0; group < conv.groups; ++group) {
    for (int64_t o = 0; o < group_outputs; o += columns) {
      for (int64_t part = 0; part < parts; part += together) {
        const int64_t first = (group * parts + part) * part_slices;
        const int64_t end = (group * parts + std::min(parts, part + together)) * part_slices;
        blocks.push_back({static_cast<size_t>(first), static_cast<size_t>(end), group, group * group_outputs + o,
                          std::min(columns, group_outputs - o)});
      }
    }
  }
}

template <class T>
void WeightGradientPlan<T>::cut_walks() {
  const int64_t pixel_bytes = (slices[0].channels + kernel.panel) * kSize<T>;
  const int64_t bytes = form == InputForm::in_place && !packed && pointwise() ? kPointBytes : kWalkBytes;
  const int64_t pixels = std::clamp(bytes / pixel_bytes, kLeastWalkPixels, kMostWalkPixels);
  if (pixels >= g.oh * g.ow) {
    walk_images = std::min(conv.images, pixels / (g.oh * g.ow));
    walk_rows = g.oh;
    walks = ceil_div(conv.images, walk_images);
  } else {
    walk_rows = std::max<int64_t>(1, pixels / g.ow);
    image_walks = ceil_div(g.oh, walk_rows);
    walk_rows = ceil_div(g.oh, image_walks);
    image_walks = ceil_div(g.oh, walk_rows);
    walks = conv.images * image_walks;
  }
}

// Few blocks do not give every thread work: then the pixels are shared out too, as far as the sums stay small.
template <class T>
void WeightGradientPlan<T>::cut_chunks() {
  const int64_t affordable = kPartialBytes / (dw_size * kSize<T>);
  const int64_t wanted = std::min(ceil_div(kWantedTasks, static_cast<int64_t>(blocks.size())), affordable);
  chunk_walks = ceil_div(walks, std::clamp<int64_t>(wanted, 1, walks));
  chunks = ceil_div(walks, chunk_walks);
}

template <class T>
std::vector<Part> WeightGradientPlan<T>::walk_parts(int64_t walk) const {
  std::vector<Part> parts;
  if (image_walks > 1) {
    const int64_t first = walk % image_walks * walk_rows;
    parts.push_back({walk / image_walks, first, std::min(g.oh, first + walk_rows)});
  } else {
    const int64_t first = walk * walk_images;
    for (int64_t i = first; i < std::min(conv.images, first + walk_images); ++i) parts.push_back({i, 0, g.oh});
  }
  return parts;
}

// A slice about as wide as a panel is copied by the kernel that packs panels.
template <class T>
bool WeightGradientPlan<T>::copied_as_panel(const Slice& slice) const {
  const bool whole_rows = slice.channels == conv.channels && g.sw == 1;
  return !whole_rows && slice.channels <= kernel.panel && 2 * slice.channels > kernel.panel;
}

template <class T>
int64_t WeightGradientPlan<T>::pixel_step(const Slice& slice) const {
  return form == InputForm::shifted ? (copied_as_panel(slice) ? kernel.panel : slice.channels) : g.sw * conv.channels;
}

template <class T>
int64_t WeightGradientPlan<T>::row_step(const Slice& slice) const {
  switch (form) {
    case InputForm::in_place: return g.w * conv.channels;
    case InputForm::shifted: return g.ow * (copied_as_panel(slice) ? kernel.panel : slice.channels);
    case InputForm::overlapping: return ((g.ow - 1) * g.sw + g.kw) * conv.channels;
  }
  return 0;
}

template <class T>
void WeightGradientPlan<T>::inside(int64_t q, int64_t& begin, int64_t& end) const {
  const int64_t offset = q * g.dw - g.left;
  begin = std::min(g.ow, offset >= 0 ? 0 : ceil_div(-offset, g.sw));
  end = g.w - 1 - offset < 0 ? begin : std::max(begin, std::min(g.ow, (g.w - 1 - offset) / g.sw + 1));
}

template struct WeightGradientPlan<float>;
template struct WeightGradientPlan<double>;

}  // namespace juanji
