#include "ops/window.hpp"

#include "core/check.hpp"

namespace juanji {
namespace {

// Products of two such numbers, plus another, stay far inside an int64_t.
constexpr int64_t kLargest = int64_t{1} << 30;

struct Axis {
  int64_t size, kernel, stride, dilation;
};

struct AxisResult {
  int64_t outputs, before, after;
};

void check_pair(const std::string& op, const char* name, const int64_t (&pair)[2]) {
  for (const int64_t value : pair) {
    if (value >= 1 && value <= kLargest) continue;
    fail(op, std::string(name) + " is out of range", "two whole numbers from 1 to 2**30", name,
         std::vector<int64_t>{pair[0], pair[1]}, "");
  }
}

void check_padding(const std::string& op, const Padding& p) {
  for (const int64_t amount : {p.top, p.bottom, p.left, p.right}) {
    if (amount >= 0 && amount <= kLargest) continue;
    fail(op, "padding is out of range", "(top, bottom, left, right), each from 0 to 2**30", "padding",
         std::vector<int64_t>{p.top, p.bottom, p.left, p.right}, "Crop the input instead of padding it negatively.");
  }
}

AxisResult resolve_axis(const Axis& a, Padding::Mode mode, int64_t before, int64_t after) {
  const int64_t span = (a.kernel - 1) * a.dilation + 1;
  if (mode == Padding::Mode::same) {
    const int64_t outputs = (a.size + a.stride - 1) / a.stride;
    const int64_t needed = (outputs - 1) * a.stride + span - a.size;
    const int64_t total = needed > 0 ? needed : 0;
    return {outputs, total / 2, total - total / 2};
  }
  const int64_t free = a.size + before + after - span;
  return {free < 0 ? 0 : free / a.stride + 1, before, after};
}

}  // namespace

WindowGeometry resolve(const std::string& op, const Window& window, int64_t h, int64_t w, const char* kernel_name) {
  check_pair(op, kernel_name, window.kernel);
  check_pair(op, "strides", window.stride);
  check_pair(op, "dilation_rate", window.dilation);
  Padding p;
  if (window.padding.mode == Padding::Mode::amounts) p = window.padding;
  check_padding(op, p);
  if (h < 1 || w < 1 || h > kLargest || w > kLargest) {
    fail(op, "the input's height and width are out of range", "each from 1 to 2**30", "(height, width)",
         std::vector<int64_t>{h, w}, "");
  }
  const AxisResult rows =
      resolve_axis({h, window.kernel[0], window.stride[0], window.dilation[0]}, window.padding.mode, p.top, p.bottom);
  const AxisResult columns =
      resolve_axis({w, window.kernel[1], window.stride[1], window.dilation[1]}, window.padding.mode, p.left, p.right);
  const WindowGeometry g{h,
                         w,
                         rows.outputs,
                         columns.outputs,
                         window.kernel[0],
                         window.kernel[1],
                         window.stride[0],
                         window.stride[1],
                         window.dilation[0],
                         window.dilation[1],
                         rows.before,
                         rows.after,
                         columns.before,
                         columns.after};
  if (g.oh < 1 || g.ow < 1) {
    fail(op, "the window is larger than the padded input",
         "a window of at most " + to_text(std::vector<int64_t>{h + p.top + p.bottom, w + p.left + p.right}) +
             " pixels, dilation included",
         kernel_name, std::vector<int64_t>{span_h(g), span_w(g)},
         "Use padding='same', a smaller window or larger images.");
  }
  return g;
}

}  // namespace juanji
