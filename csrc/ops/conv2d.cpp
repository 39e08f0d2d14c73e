#include "ops/conv2d.hpp"

#include <algorithm>

#include "core/buffer_pool.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/conv2d_forward.hpp"
#include "ops/conv_weight_gradient.hpp"
#include "ops/direct_conv.hpp"
#include "ops/winograd.hpp"
#include "ops/winograd_weights.hpp"

namespace juanji {
namespace {

constexpr const char* kImages = "(N, H, W, C)";
constexpr const char* kKernel = "(KH, KW, C/groups, OC)";

void check_groups(const Operation& op, int64_t groups, int64_t channels, int64_t outputs) {
  if (groups >= 1 && channels % groups == 0 && outputs % groups == 0) return;
  fail(op.name(), "groups does not divide the channels",
       "a divisor of C=" + to_text(channels) + " and of OC=" + to_text(outputs), "groups", groups, "");
}

// Channels of x and weights (KH, KW, C/G, OC) fit together.
void check_weights(const Operation& op, const TensorSpec& w, int64_t groups, int64_t channels) {
  check_rank(op, w, "w", 4, kKernel);
  check_groups(op, groups, channels, w.shape[3]);
  if (w.shape[2] != channels / groups) {
    fail(op.name(), "the kernel's input channels do not match the input",
         "w.shape[2]=" + to_text(channels / groups) + " (C=" + to_text(channels) + ", groups=" + to_text(groups) + ")",
         "w.shape", w.shape, "The input must be channels-last: (N, H, W, C).");
  }
}

WindowGeometry geometry(const Operation& op, Window window, int64_t kh, int64_t kw, int64_t h, int64_t w) {
  window.kernel[0] = kh;
  window.kernel[1] = kw;
  return resolve(op.name(), window, h, w);
}

void check_output_gradient(const Operation& op, const TensorSpec& dy, const WindowGeometry& g) {
  if (dy.shape[1] == g.oh && dy.shape[2] == g.ow) return;
  fail(op.name(), "dy does not have the shape of this convolution's output",
       Shape{dy.shape[0], g.oh, g.ow, dy.shape[3]}, "dy.shape", dy.shape, "");
}

// Along one axis: input pixel i = stride * m + residue gets contributions from kernel position p where
// i + before - p * dilation is a multiple of the stride; then output pixel m + shift(p) is the one.
struct AxisTap {
  int64_t position;
  int64_t shift;
};

std::vector<AxisTap> taps_of_residue(int64_t residue, int64_t before, int64_t kernel, int64_t stride,
                                     int64_t dilation) {
  std::vector<AxisTap> taps;
  for (int64_t p = kernel - 1; p >= 0; --p) {  // descending, so that shifts ascend and neighbours form one run
    const int64_t at = residue + before - p * dilation;
    const int64_t shift = at >= 0 ? at / stride : -((-at + stride - 1) / stride);
    if (at - shift * stride == 0) taps.push_back({p, shift});
  }
  return taps;
}

}  // namespace

std::vector<TensorSpec> Conv2D::outputs(const std::vector<TensorSpec>& inputs) const {
  const size_t last = residual ? 3 : 2;
  check_input_count(*this, inputs, last, last + 1);
  const TensorSpec& x = inputs[0];
  const TensorSpec& w = inputs[1];
  check_float(*this, x, "x");
  check_rank(*this, x, "x", 4, kImages);
  check_same_dtype(*this, x, "x", w, "w");
  check_weights(*this, w, attributes.groups, x.shape[3]);
  if (inputs.size() > last) {
    check_same_dtype(*this, x, "x", inputs[2], "bias");
    check_shape(*this, inputs[2], "bias", {w.shape[3]});
  }
  const WindowGeometry g = geometry(*this, attributes.window, w.shape[0], w.shape[1], x.shape[1], x.shape[2]);
  const TensorSpec y{x.dtype, {x.shape[0], g.oh, g.ow, w.shape[3]}};
  if (residual) check_residual(*this, inputs.back(), y);
  return {y};
}

bool Conv2D::saves_multiplications(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec& x = inputs[0];
  const TensorSpec& w = inputs[1];
  const WindowGeometry g = geometry(*this, attributes.window, w.shape[0], w.shape[1], x.shape[1], x.shape[2]);
  bool chosen = false;
  dispatch_float(x.dtype, [&](auto zero) {
    auto conv = forward_conv<decltype(zero)>(g, x.shape[3], w.shape[3], attributes.groups);
    conv.images = x.shape[0];
    chosen = winograd_tile(conv) > 0;
  });
  return chosen;
}

void Conv2D::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  run_forward(*this, inputs, {outputs[0]});
}

std::vector<TensorSpec> Conv2DMaxPool::outputs(const std::vector<TensorSpec>& inputs) const {
  std::vector<TensorSpec> results = conv.outputs(inputs);
  Shape& shape = results[0].shape;
  if (shape[1] < 2 || shape[2] < 2) {
    fail(name(), "the convolution is smaller than the pooling window", "2×2 or more", "its output", shape, "");
  }
  shape[1] /= 2;
  shape[2] /= 2;
  if (argmax) results.push_back({DType::uint8, shape});
  return results;
}

bool Conv2DMaxPool::saves_multiplications(const std::vector<TensorSpec>& inputs) const {
  return conv.saves_multiplications(inputs);
}

void Conv2DMaxPool::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  run_forward(conv, inputs, {outputs[0], true, argmax ? outputs[1].as<uint8_t>() : nullptr});
}

std::vector<TensorSpec> Conv2DInputGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec& dy = inputs[0];
  const TensorSpec& w = inputs[1];
  check_float(*this, dy, "dy");
  check_rank(*this, dy, "dy", 4, "(N, OH, OW, OC)");
  check_rank(*this, w, "w", 4, kKernel);
  check_same_dtype(*this, dy, "dy", w, "w");
  check_groups(*this, attributes.groups, w.shape[2] * attributes.groups, w.shape[3]);
  if (dy.shape[3] != w.shape[3]) {
    fail(name(), "the kernel's output channels do not match dy", "w.shape[3]=" + to_text(dy.shape[3]), "w.shape",
         w.shape, "");
  }
  const WindowGeometry g = geometry(*this, attributes.window, w.shape[0], w.shape[1], height, width);
  check_output_gradient(*this, dy, g);
  return {{dy.dtype, {dy.shape[0], height, width, w.shape[2] * attributes.groups}}};
}

namespace {

// The taps' matrices (C, OC) transposed to (OC, C), in the order in which the input gradient meets them.
template <class T>
Buffer transposed_taps(const T* w, const WeightLayout& layout, int64_t channels, int64_t outputs) {
  constexpr double kNanosecondsPerElement = 1;
  const int64_t size = channels * outputs;
  Buffer turned(layout.tap_offset.size() * static_cast<size_t>(size) * sizeof(T));
  T* to = turned.as<T>();
  parallel_for(static_cast<int64_t>(layout.tap_offset.size()), kNanosecondsPerElement * static_cast<double>(size),
               [&](int64_t tap, int) {
                 const T* from = w + layout.tap_offset[static_cast<size_t>(tap)];
                 for (int64_t o = 0; o < outputs; ++o) {
                   for (int64_t c = 0; c < channels; ++c) to[tap * size + o * channels + c] = from[c * outputs + o];
                 }
               });
  return turned;
}

// A convolution without its data, and how its weights enter.
template <class T>
struct InputGradientConv {
  DirectConv<T> conv;
  std::vector<WeightLayout> layouts;
};

// The roles swap: dy is convolved with the weights, each tap's matrix transposed, onto the grid of dx. A stride splits
// dx into sh * sw phases that each see a part of the taps.
template <class T>
InputGradientConv<T> input_gradient_conv(const WindowGeometry& g, int64_t images, int64_t group_channels,
                                         int64_t outputs_count, int64_t groups) {
  const int64_t channels = group_channels * groups;
  InputGradientConv<T> result;
  DirectConv<T>& conv = result.conv;
  conv.images = images;
  conv.h = g.oh;
  conv.w = g.ow;
  conv.channels = outputs_count;
  conv.y_image = g.h * g.w * channels;
  conv.y_row = g.sh * g.w * channels;
  conv.y_column = g.sw * channels;
  conv.y_channels = channels;
  conv.groups = groups;
  std::vector<std::vector<AxisTap>> rows, columns;
  for (int64_t r = 0; r < g.sh; ++r) rows.push_back(taps_of_residue(r, g.top, g.kh, g.sh, g.dh));
  for (int64_t r = 0; r < g.sw; ++r) columns.push_back(taps_of_residue(r, g.left, g.kw, g.sw, g.dw));
  int64_t first_row = 0, first_column = 0;  // the lowest output pixel any tap reads is the origin of the halo
  for (const auto& taps : rows) {
    for (const AxisTap& tap : taps) first_row = std::min(first_row, tap.shift);
  }
  for (const auto& taps : columns) {
    for (const AxisTap& tap : taps) first_column = std::min(first_column, tap.shift);
  }
  conv.top = -first_row;
  conv.left = -first_column;
  for (int64_t r = 0; r < std::min(g.sh, g.h); ++r) {
    for (int64_t s = 0; s < std::min(g.sw, g.w); ++s) {
      Phase phase{(g.h - r + g.sh - 1) / g.sh, (g.w - s + g.sw - 1) / g.sw, (r * g.w + s) * channels, {}};
      WeightLayout layout{{}, 1, outputs_count, outputs_count / groups};
      for (const AxisTap& row : rows[static_cast<size_t>(r)]) {
        for (const AxisTap& column : columns[static_cast<size_t>(s)]) {
          phase.taps.push_back({row.shift - first_row, column.shift - first_column});
          layout.tap_offset.push_back((row.position * g.kw + column.position) * group_channels * outputs_count);
        }
      }
      conv.phases.push_back(std::move(phase));
      result.layouts.push_back(std::move(layout));
    }
  }
  return result;
}

}  // namespace

bool Conv2DInputGradient::saves_multiplications(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec& dy = inputs[0];
  const TensorSpec& w = inputs[1];
  const WindowGeometry g = geometry(*this, attributes.window, w.shape[0], w.shape[1], height, width);
  bool chosen = false;
  dispatch_float(dy.dtype, [&](auto zero) {
    using T = decltype(zero);
    chosen = winograd_tile(input_gradient_conv<T>(g, dy.shape[0], w.shape[2], w.shape[3], attributes.groups).conv) > 0;
  });
  return chosen;
}

void Conv2DInputGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& dy = inputs[0];
  const Tensor& w = inputs[1];
  const WindowGeometry g = geometry(*this, attributes.window, w.dim(0), w.dim(1), height, width);
  dispatch_float(dy.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto [conv, layouts] = input_gradient_conv<T>(g, dy.dim(0), w.dim(2), w.dim(3), attributes.groups);
    conv.x = dy.as<T>();
    conv.y = outputs[0].as<T>();
    const int64_t tile = winograd_tile(conv);
    if (tile == 0) return direct_conv(conv, w.as<T>(), layouts);
    const Buffer turned = transposed_taps(w.as<T>(), layouts[0], conv.y_channels, conv.channels);
    winograd_conv(conv, tile, turned.as<T>());
  });
}

std::vector<TensorSpec> Conv2DWeightGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec& x = inputs[0];
  const TensorSpec& dy = inputs[1];
  check_float(*this, x, "x");
  check_rank(*this, x, "x", 4, kImages);
  check_same_dtype(*this, x, "x", dy, "dy");
  check_rank(*this, dy, "dy", 4, "(N, OH, OW, OC)");
  check_groups(*this, attributes.groups, x.shape[3], dy.shape[3]);
  if (dy.shape[0] != x.shape[0]) {
    fail(name(), "x and dy have different batch sizes", "dy.shape[0]=" + to_text(x.shape[0]), "dy.shape", dy.shape, "");
  }
  const Window& window = attributes.window;
  check_output_gradient(*this, dy, resolve(name(), window, x.shape[1], x.shape[2]));
  return {{x.dtype, {window.kernel[0], window.kernel[1], x.shape[3] / attributes.groups, dy.shape[3]}}};
}

namespace {

template <class T>
ConvWeightGradient<T> weight_gradient(const Conv2DWeightGradient& op, const TensorSpec& x, const TensorSpec& dy) {
  ConvWeightGradient<T> conv;
  conv.images = x.shape[0];
  conv.channels = x.shape[3];
  conv.outputs = dy.shape[3];
  conv.groups = op.attributes.groups;
  conv.g = resolve(op.name(), op.attributes.window, x.shape[1], x.shape[2]);
  return conv;
}

}  // namespace

bool Conv2DWeightGradient::saves_multiplications(const std::vector<TensorSpec>& inputs) const {
  bool chosen = false;
  dispatch_float(inputs[0].dtype, [&](auto zero) {
    chosen = winograd_tile(weight_gradient<decltype(zero)>(*this, inputs[0], inputs[1])) > 0;
  });
  return chosen;
}

void Conv2DWeightGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    ConvWeightGradient<T> conv = weight_gradient<T>(*this, inputs[0].spec, inputs[1].spec);
    conv.x = inputs[0].as<T>();
    conv.dy = inputs[1].as<T>();
    conv.dw = outputs[0].as<T>();
    const int64_t tile = winograd_tile(conv);
    tile > 0 ? winograd_weight_gradient(conv, tile) : conv_weight_gradient(conv);
  });
}

}  // namespace juanji
