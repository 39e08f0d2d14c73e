#include "ops/conv2d_forward.hpp"

#include <cstring>
#include <utility>

#include "core/parallel.hpp"
#include "ops/pixel_groups.hpp"
#include "ops/winograd.hpp"

namespace juanji {
namespace {

WindowGeometry forward_geometry(const Conv2D& op, const TensorSpec& x, const TensorSpec& w) {
  Window window = op.attributes.window;
  window.kernel[0] = w.shape[0];
  window.kernel[1] = w.shape[1];
  return resolve(op.name(), window, x.shape[1], x.shape[2]);
}

}  // namespace

template <class T>
DirectConv<T> forward_conv(const WindowGeometry& g, int64_t channels, int64_t outputs, int64_t groups) {
  DirectConv<T> conv;
  conv.h = g.h;
  conv.w = g.w;
  conv.channels = channels;
  conv.top = g.top;
  conv.left = g.left;
  conv.sh = g.sh;
  conv.sw = g.sw;
  conv.y_image = g.oh * g.ow * outputs;
  conv.y_row = g.ow * outputs;
  conv.y_column = outputs;
  conv.y_channels = outputs;
  conv.groups = groups;
  Phase phase{g.oh, g.ow, 0, {}};
  for (int64_t p = 0; p < g.kh; ++p) {
    for (int64_t q = 0; q < g.kw; ++q) phase.taps.push_back({p * g.dh, q * g.dw});
  }
  conv.phases.push_back(std::move(phase));
  return conv;
}

WeightLayout forward_layout(const WindowGeometry& g, int64_t group_channels, int64_t outputs, int64_t groups) {
  WeightLayout layout{{}, outputs, 1, outputs / groups};
  for (int64_t tap = 0; tap < g.kh * g.kw; ++tap) layout.tap_offset.push_back(tap * group_channels * outputs);
  return layout;
}

void check_residual(const Operation& op, const TensorSpec& residual, const TensorSpec& y) {
  check_same_dtype(op, y, "x", residual, "residual");
  check_shape(op, residual, "residual", y.shape);
}

void begin_with(const Tensor& residual, const Tensor& y) {
  constexpr int64_t kGrain = 1 << 16;
  constexpr double kNanosecondsPerByte = 0.05;
  if (residual.data == y.data) return;
  const auto* from = static_cast<const char*>(residual.data);
  auto* to = static_cast<char*>(y.data);
  parallel_ranges(static_cast<int64_t>(y.spec.bytes()), kGrain, kNanosecondsPerByte, [&](int64_t begin, int64_t end) {
    std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
  });
}

bool Conv2D::groups_pixels(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec &x = inputs[0], &w = inputs[1];
  const WindowGeometry g = forward_geometry(*this, x, w);
  bool grouped = false;
  dispatch_float(x.dtype, [&](auto zero) {
    auto conv = forward_conv<decltype(zero)>(g, x.shape[3], w.shape[3], attributes.groups);
    conv.images = x.shape[0];
    grouped = winograd_tile(conv) == 0 && pixels_together(conv) > 1;
  });
  return grouped;
}

void run_forward(const Conv2D& op, const std::vector<Tensor>& inputs, const ForwardResults& results) {
  const Tensor &x = inputs[0], &w = inputs[1], &y = results.y;
  const WindowGeometry g = forward_geometry(op, x.spec, w.spec);
  if (op.residual) begin_with(inputs.back(), y);
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    DirectConv<T> conv = forward_conv<T>(g, x.dim(3), w.dim(3), op.attributes.groups);
    conv.x = x.as<T>();
    conv.images = x.dim(0);
    conv.y = y.as<T>();
    conv.y_image = y.dim(1) * y.dim(2) * w.dim(3);
    conv.y_row = y.dim(2) * w.dim(3);
    conv.bias = inputs.size() > (op.residual ? 3 : 2) ? inputs[2].as<T>() : nullptr;
    conv.add = op.residual;
    conv.activation = op.activation;
    conv.pooled = results.pooled;
    conv.argmax = results.argmax;
    conv.finished = results.finished;
    if (const int64_t tile = winograd_tile(conv)) return winograd_conv(conv, tile, w.as<T>());
    direct_conv(conv, w.as<T>(), {forward_layout(g, w.dim(2), w.dim(3), op.attributes.groups)});
  });
}

template DirectConv<float> forward_conv<float>(const WindowGeometry&, int64_t, int64_t, int64_t);
template DirectConv<double> forward_conv<double>(const WindowGeometry&, int64_t, int64_t, int64_t);

}  // namespace juanji
