#include "ops/weight_gradient_walk.hpp"
#include "ops/cut.hpp"

#include <algorithm>
#include <cstring>

namespace juanji {
template <class T>
Walk<T>::Walk(const WeightGradientPlan<T>& plan, const Block& block) : plan_(plan),
                                                                       block_(block) {
  const WindowGeometry& g = plan.g;
  const int64_t most_rows = plan.walk_images * std::min(g.h, (plan.walk_rows - 1) * g.sh + span_h(g));
  int64_t elements = 0;
  for (size_t s = block.first_slice; s < block.end_slice; ++s) {
    start_.push_back(elements);
    elements += most_rows * plan.row_step(plan.slices[s]);
  }
  if (plan.form != InputForm::in_place) copies_ = Buffer(static_cast<size_t>(elements) * sizeof(T));
  const int64_t panels = ceil_div(block.columns, plan.kernel.panel);
  if (plan.packed) panels_ = Buffer(static_cast<size_t>(panels * plan.walk_pixels() * plan.kernel.panel) * sizeof(T));
  runs_.resize((block.end_slice - block.first_slice) * static_cast<size_t>(g.kh));
}

template <class T>
void Walk<T>::move_to(int64_t walk) {
  const WindowGeometry& g = plan_.g;
  const std::vector<Part> parts = plan_.walk_parts(walk);
  find_stretches(parts);
  first_pixel_ = (parts[0].image * g.oh + parts[0].begin) * g.ow;
  auto list = runs_.begin();
  for (size_t s = block_.first_slice; s < block_.end_slice; ++s) {
    const Slice& slice = plan_.slices[s];
    if (plan_.form != InputForm::in_place) copy_input(slice, copies_.as<T>() + start_[s - block_.first_slice]);
    for (int64_t p = 0; p < g.kh; ++p) find_runs(slice, p, *list++);
  }
  const int64_t rows = stretches_.back().row + stretches_.back().end - stretches_.back().begin;
  if (plan_.packed) pack(plan_.conv.dy + first_pixel_ * plan_.conv.outputs + block_.column, rows * g.ow);
}

template <class T>
std::pair<kernels::Ahead<T>, kernels::Ahead<T>> Walk<T>::ahead(int64_t walk) const {
  const WindowGeometry& g = plan_.g;
  if (g.kh * g.kw > 1) return {};  // copied once for many products: not worth the instructions
  const std::vector<Part> parts = plan_.walk_parts(walk);
  const Part& last = parts.back();
  const int64_t row = std::clamp<int64_t>(parts[0].begin * g.sh - g.top, 0, g.h);
  const int64_t end_row = std::clamp<int64_t>((last.end - 1) * g.sh + span_h(g) - g.top, 0, g.h);
  const int64_t first = (parts[0].image * g.h + row) * g.w, end = (last.image * g.h + end_row) * g.w;
  const Slice& first_slice = plan_.slices[block_.first_slice];
  const Slice& last_slice = plan_.slices[block_.end_slice - 1];
  const int64_t channels = plan_.conv.channels, outputs = plan_.conv.outputs;
  const int64_t pixel = (parts[0].image * g.oh + parts[0].begin) * g.ow;
  const int64_t end_pixel = (last.image * g.oh + last.end) * g.ow;
  return {{plan_.conv.x + first * channels + first_slice.channel, channels, end - first,
           last_slice.channel + last_slice.channels - first_slice.channel},
          {plan_.conv.dy + pixel * outputs + block_.column, outputs, end_pixel - pixel, block_.columns}};
}

template <class T>
const T* Walk<T>::source(size_t slice) const {
  if (plan_.form == InputForm::in_place) return plan_.conv.x;
  return copies_.as<T>() + start_[slice - block_.first_slice];
}

template <class T>
const T* Walk<T>::columns_from(int64_t n) const {
  if (!plan_.packed) return plan_.conv.dy + first_pixel_ * plan_.conv.outputs + block_.column + n;
  return panels_.as<T>() + n * plan_.walk_pixels();
}

template <class T>
void Walk<T>::find_stretches(const std::vector<Part>& parts) {
  const WindowGeometry& g = plan_.g;
  stretches_.clear();
  int64_t row = 0;
  int64_t copied = 0;
  for (const Part& part : parts) {
    const int64_t first = std::clamp<int64_t>(part.begin * g.sh - g.top, 0, g.h);
    const int64_t end = std::clamp<int64_t>((part.end - 1) * g.sh + span_h(g) - g.top, first, g.h);
    const int64_t place = plan_.form == InputForm::in_place ? part.image * g.h + first : copied;
    stretches_.push_back({part.image, part.begin, part.end, row, first, end, place});
    row += part.end - part.begin;
    copied += end - first;
  }
}

template <class T>
void Walk<T>::find_runs(const Slice& slice, int64_t p, std::vector<kernels::Run>& list) const {
  const WindowGeometry& g = plan_.g;
  int64_t column = 0, end_column = g.ow, shift = 0;
  if (plan_.form == InputForm::in_place) {
    plan_.inside(slice.q, column, end_column);
    shift = (column * g.sw + slice.q * g.dw - g.left) * plan_.conv.channels + slice.channel;
  }
  list.clear();
  if (column == end_column) return;
  const int64_t row_step = plan_.row_step(slice);
  // Rows that follow each other in both operands are one run.
  const bool joined = g.sh == 1 && end_column - column == g.ow && row_step == g.ow * plan_.pixel_step(slice);
  for (const Stretch& s : stretches_) {
    const int64_t before = g.top - p * g.dh;  // output row i sees input row i * sh - before
    const int64_t begin = std::max(s.begin, before <= 0 ? 0 : ceil_div(before, g.sh));
    const int64_t end = std::min(s.end, g.h - 1 + before < 0 ? 0 : (g.h - 1 + before) / g.sh + 1);
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin && joined) {
        list.back().length += g.ow;
        continue;
      }
      list.push_back({(s.place + i * g.sh - before - s.first_input) * row_step + shift,
                      ((s.row + i - s.begin) * g.ow + column) * b_step(), end_column - column});
    }
  }
}

template <class T>
void Walk<T>::copy_input(const Slice& slice, T* to) const {
  const WindowGeometry& g = plan_.g;
  for (const Stretch& s : stretches_) {
    const T* image = plan_.conv.x + s.image * g.h * g.w * plan_.conv.channels;
    T* dst = to + s.place * plan_.row_step(slice);
    const int64_t count = s.end_input - s.first_input;
    if (plan_.form == InputForm::overlapping) {
      copy_with_halo(image, g.h, g.w, plan_.conv.channels, 0, g.left, s.first_input, count, (g.ow - 1) * g.sw + g.kw,
                     dst);
    } else {
      copy_rows(slice, image, s.first_input, count, dst);
    }
  }
}

// The shifted form: for each output column the slice's channels at its kernel column, or zeros.
template <class T>
void Walk<T>::copy_rows(const Slice& slice, const T* image, int64_t row, int64_t count, T* to) const {
  const WindowGeometry& g = plan_.g;
  const int64_t channels = plan_.conv.channels;
  const int64_t width = plan_.pixel_step(slice);
  int64_t begin = 0, end = 0;
  plan_.inside(slice.q, begin, end);
  const auto bytes = [&](int64_t pixels) { return static_cast<size_t>(pixels * width) * sizeof(T); };
  for (int64_t r = row; r < row + count; ++r, to += g.ow * width) {
    const T* from = image + (r * g.w + begin * g.sw + slice.q * g.dw - g.left) * channels + slice.channel;
    std::memset(static_cast<void*>(to), 0, bytes(begin));
    if (width == channels && g.sw == 1) {
      std::memcpy(static_cast<void*>(to + begin * width), from, bytes(end - begin));
    } else if (plan_.copied_as_panel(slice)) {
      plan_.kernel.pack(from, g.sw * channels, end - begin, slice.channels, to + begin * width);
    } else {
      for (int64_t j = begin; j < end; ++j, from += g.sw * channels) {
        std::memcpy(static_cast<void*>(to + j * width), from, bytes(1));
      }
    }
    std::memset(static_cast<void*>(to + end * width), 0, bytes(g.ow - end));
  }
}

// A few rows of dy at a time, so that it is read in the order of memory.
template <class T>
void Walk<T>::pack(const T* dy, int64_t pixels) {
  constexpr int64_t kRows = 8;
  const int64_t panel = plan_.kernel.panel;
  for (int64_t r = 0; r < pixels; r += kRows) {
    for (int64_t n = 0; n < block_.columns; n += panel) {
      plan_.kernel.pack(dy + r * plan_.conv.outputs + n, plan_.conv.outputs, std::min(kRows, pixels - r),
                        std::min(panel, block_.columns - n), panels_.as<T>() + n * plan_.walk_pixels() + r * panel);
    }
  }
}

template class Walk<float>;
template class Walk<double>;

}  // namespace juanji
