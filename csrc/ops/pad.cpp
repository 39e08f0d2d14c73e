// Pad and Concatenate: runs of memory, for which memcpy is as fast as any kernel.
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/copy.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task
constexpr double kCost = 0.3;      // nanoseconds an element, bound by memory

// Dimensions without padding are one with the dimension before them.
struct Padded {
  std::vector<int64_t> from, before, to;  // sizes in x, elements before, sizes in y

  Padded(const Shape& x, const std::vector<std::pair<int64_t, int64_t>>& widths) {
    for (size_t i = 0; i < x.size(); ++i) {
      const int64_t size = widths[i].first + x[i] + widths[i].second;
      if (i > 0 && size == x[i]) {
        from.back() *= size, before.back() *= size, to.back() *= size;
      } else {
        from.push_back(x[i]), before.push_back(widths[i].first), to.push_back(size);
      }
    }
    if (from.empty()) from.push_back(1), before.push_back(0), to.push_back(1);
  }
};

// y[0..end) of row `row` of the padded array
template <class T>
void pad_row(const Padded& padded, int64_t row, const T* x, T* y, T value) {
  const size_t last = padded.to.size() - 1;
  int64_t source = 0, stride = 1;
  bool inside = true;
  int64_t position = row;
  for (size_t k = last; k-- > 0; position /= padded.to[k]) {
    const int64_t i = position % padded.to[k] - padded.before[k];
    inside = inside && i >= 0 && i < padded.from[k];
    source += i * stride;
    stride *= padded.from[k];
  }
  T* const begin = y + row * padded.to[last];
  T* const end = begin + padded.to[last];
  if (!inside) {
    std::fill(begin, end, value);
    return;
  }
  T* const first = begin + padded.before[last];
  const int64_t n = padded.from[last];
  std::fill(begin, first, value);
  std::copy_n(x + source * n, n, first);
  std::fill(first + n, end, value);
}

int64_t product(const Shape& shape, size_t begin, size_t end) {
  int64_t result = 1;
  for (size_t i = begin; i < end; ++i) result *= shape[i];
  return result;
}

}  // namespace

Pad::Pad(std::vector<std::pair<int64_t, int64_t>> around, double fill) : widths(std::move(around)), value(fill) {
  for (const auto& [before, behind] : widths) {
    if (before < 0 || behind < 0)
      fail("pad", "negative width", "numbers from 0", "width", std::min(before, behind), "");
  }
}

std::vector<TensorSpec> Pad::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  if (widths.size() != inputs[0].shape.size()) {
    fail(name(), "there is not one pair of widths for each dimension", to_text(widths.size()) + " dimensions",
         "x.shape", inputs[0].shape, "");
  }
  constexpr int64_t kMost = int64_t{1} << 60;  // sums of three such numbers do not overflow
  TensorSpec y = inputs[0];
  for (size_t i = 0; i < widths.size(); ++i) {
    const int64_t width = std::max(widths[i].first, widths[i].second);
    if (width > kMost) fail(name(), "a width is too large", "less than 2^60", "width", to_text(width), "");
    y.shape[i] += widths[i].first + widths[i].second;
  }
  element_count(y.shape);
  return {y};
}

void Pad::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  if (outputs[0].size() == 0) return;
  const Padded padded(inputs[0].spec.shape, widths);
  const int64_t row = padded.to.back();
  dispatch_any(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_ranges(outputs[0].size() / row, std::max<int64_t>(1, kGrain / row), kCost * static_cast<double>(row),
                    [&](int64_t begin, int64_t end) {
                      for (int64_t r = begin; r < end; ++r) {
                        pad_row(padded, r, inputs[0].as<T>(), outputs[0].as<T>(), static_cast<T>(value));
                      }
                    });
  });
}

std::vector<TensorSpec> Concatenate::outputs(const std::vector<TensorSpec>& inputs) const {
  if (inputs.empty()) fail(name(), "nothing to join", "at least one array", "inputs", 0, "");
  TensorSpec y = inputs[0];
  if (axis < 0 || axis >= y.rank())
    fail(name(), "no such axis", "an axis below " + to_text(y.rank()), "axis", axis, "");
  const size_t place = static_cast<size_t>(axis);
  for (size_t i = 1; i < inputs.size(); ++i) {
    const std::string input_name = "inputs[" + std::to_string(i) + "]";
    check_same_dtype(*this, y, "inputs[0]", inputs[i], input_name.c_str());
    Shape expected = inputs[0].shape;
    if (inputs[i].rank() == y.rank()) expected[place] = inputs[i].shape[place];
    check_shape(*this, inputs[i], input_name.c_str(), expected);
    y.shape[place] += inputs[i].shape[place];
  }
  element_count(y.shape);
  return {y};
}

namespace {

constexpr int64_t kFew = 8;  // elements that are copied one by one rather than by a call

// Rows of `own` elements of x, dense, to rows of `row` elements of y.
template <class T>
void place_rows(const void* x, void* y, int64_t rows, int64_t own, int64_t row) {
  const T* from = static_cast<const T*>(x);
  T* to = static_cast<T*>(y);
  for (int64_t r = 0; r < rows; ++r, from += own, to += row) {
    for (int64_t c = 0; c < own; ++c) to[c] = from[c];
  }
}

void place_rows(int64_t bytes, const char* x, char* y, int64_t rows, int64_t own, int64_t row) {
  switch (bytes) {
    case 1: return place_rows<uint8_t>(x, y, rows, own, row);
    case 4: return place_rows<uint32_t>(x, y, rows, own, row);
    default: return place_rows<uint64_t>(x, y, rows, own, row);
  }
}

}  // namespace

void Concatenate::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  if (outputs[0].size() == 0) return;
  const Shape& shape = outputs[0].spec.shape;
  const size_t place = static_cast<size_t>(axis);
  const int64_t outer = product(shape, 0, place);
  const int64_t bytes = static_cast<int64_t>(dtype_bytes(outputs[0].spec.dtype));
  const int64_t row = product(shape, place, shape.size());
  int64_t before = 0;
  // Each input in ranges of its elements; a range may begin and end inside a row.
  for (const Tensor& input : inputs) {
    const int64_t own = outer == 0 ? 0 : input.size() / outer;
    if (own == 0) continue;
    if (own <= kFew) {
      parallel_ranges(outer, kGrain / own, kCost * static_cast<double>(own), [&](int64_t begin, int64_t end) {
        place_rows(bytes, input.as<char>() + begin * own * bytes,
                   outputs[0].as<char>() + (begin * row + before) * bytes, end - begin, own, row);
      });
      before += own;
      continue;
    }
    parallel_ranges(input.size(), kGrain, kCost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end;) {
        const int64_t in_row = i % own;
        const int64_t n = std::min(own - in_row, end - i);
        std::memcpy(outputs[0].as<char>() + (i / own * row + before + in_row) * bytes, input.as<char>() + i * bytes,
                    static_cast<size_t>(n * bytes));
        i += n;
      }
    });
    before += own;
  }
}

}  // namespace juanji
