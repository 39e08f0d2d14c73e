#include "ops/depthwise_plan.hpp"

#include <numeric>

#include "core/check.hpp"

namespace juanji {
namespace {

int64_t output_channels(const Operation& op, int64_t c, int64_t m) {
  if (m < 1 || c > 0x7fffffff / m) {
    fail(op.name(), "the multiplier is out of range", "1 or more output channels per input channel",
         "(channels, multiplier)", Shape{c, m}, "");
  }
  return c * m;
}

}  // namespace

DepthwisePlan depthwise_plan(const Operation& op, const Window& window, const Shape& x, int64_t kh, int64_t kw,
                             int64_t m) {
  Window sized = window;
  sized.kernel[0] = kh;
  sized.kernel[1] = kw;
  return {resolve(op.name(), sized, x[1], x[2]), x[0], output_channels(op, x[3], m), m};
}

void keep_inside(Taps& taps, int64_t limit) {
  while (taps.count > 0 && taps.source < 0) {
    taps.first += taps.step;
    taps.source += taps.source_step;
    --taps.count;
  }
  while (taps.count > 0 && taps.source + (taps.count - 1) * taps.source_step >= limit) --taps.count;
}

Taps forward_taps(int64_t i, int64_t kernel, int64_t stride, int64_t dilation, int64_t before) {
  return {0, 1, kernel, i * stride - before, dilation};
}

Taps backward_taps(int64_t r, int64_t kernel, int64_t stride, int64_t dilation, int64_t before) {
  const int64_t period = stride / std::gcd(stride, dilation);
  for (int64_t k = 0; k < std::min(period, kernel); ++k) {
    if ((r + before - k * dilation) % stride != 0) continue;
    const int64_t count = (kernel - 1 - k) / period + 1;
    const int64_t last = k + (count - 1) * period;
    return {last, -period, count, (r + before - last * dilation) / stride, period * dilation / stride};
  }
  return {};
}

}  // namespace juanji
