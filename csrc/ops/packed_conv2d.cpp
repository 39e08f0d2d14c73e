#include "core/check.hpp"
#include "ops/conv2d_forward.hpp"
#include "ops/packed.hpp"
#include "ops/winograd.hpp"

namespace juanji {
namespace {

// A convolution of which only what packing depends on is known.
template <class T>
DirectConv<T> kernel_alone(int64_t kh, int64_t kw, int64_t channels, int64_t outputs, int64_t groups) {
  WindowGeometry g{};
  g.kh = kh;
  g.kw = kw;
  g.sh = g.sw = g.dh = g.dw = 1;
  return forward_conv<T>(g, channels, outputs, groups);
}

void check_winograd(const Operation& op, int64_t tile, const int64_t* kernel, int64_t groups) {
  if (tile == 0) return;
  if (tile != 2 && tile != 4) fail(op.name(), "there are no such tiles", "2, 4 or 0", "winograd_tile", tile, "");
  if (kernel[0] == 3 && kernel[1] == 3 && groups == 1) return;
  fail(op.name(), "Winograd's method does not fit", "kernels of 3×3 and groups=1", "kernel size",
       Shape{kernel[0], kernel[1]}, "Leave winograd_tile out.");
}

int64_t packed_elements(DType dtype, const int64_t* kernel, int64_t channels, int64_t outputs, int64_t groups,
                        int64_t tile) {
  int64_t count = 0;
  dispatch_float(dtype, [&](auto zero) {
    const auto conv = kernel_alone<decltype(zero)>(kernel[0], kernel[1], channels, outputs, groups);
    count = tile > 0 ? winograd_weights_size(conv, tile) : packed_weights_size(conv);
  });
  return count;
}

void check_divides(const Operation& op, int64_t groups, int64_t number, const char* meaning) {
  if (groups >= 1 && number % groups == 0) return;
  fail(op.name(), "groups does not divide the channels", std::string("a divisor of ") + meaning + "=" + to_text(number),
       "groups", groups, "");
}

}  // namespace

std::vector<TensorSpec> PackConv2D::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& w = inputs[0];
  check_float(*this, w, "w");
  check_rank(*this, w, "w", 4, "(KH, KW, C/groups, OC)");
  check_divides(*this, groups, w.shape[3], "OC");
  check_winograd(*this, winograd_tile, w.shape.data(), groups);
  return {
      {w.dtype, {packed_elements(w.dtype, w.shape.data(), w.shape[2] * groups, w.shape[3], groups, winograd_tile)}}};
}

void PackConv2D::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& w = inputs[0];
  dispatch_float(w.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const DirectConv<T> conv = kernel_alone<T>(w.dim(0), w.dim(1), w.dim(2) * groups, w.dim(3), groups);
    if (winograd_tile > 0) return winograd_pack(conv, winograd_tile, w.as<T>(), outputs[0].as<T>());
    WindowGeometry g{};
    g.kh = w.dim(0);
    g.kw = w.dim(1);
    pack_weights(conv, w.as<T>(), {forward_layout(g, w.dim(2), w.dim(3), groups)}, outputs[0].as<T>());
  });
}

std::vector<TensorSpec> Conv2DPacked::outputs(const std::vector<TensorSpec>& inputs) const {
  const size_t last = residual ? 3 : 2;
  check_input_count(*this, inputs, last, last + 1);
  const TensorSpec& x = inputs[0];
  const TensorSpec& packed = inputs[1];
  check_float(*this, x, "x");
  check_rank(*this, x, "x", 4, "(N, H, W, C)");
  check_same_dtype(*this, x, "x", packed, "packed");
  check_divides(*this, attributes.groups, x.shape[3], "C");
  check_divides(*this, attributes.groups, filters, "filters");
  const int64_t* kernel = attributes.window.kernel;
  check_winograd(*this, winograd_tile, kernel, attributes.groups);
  check_shape(*this, packed, "packed",
              {packed_elements(x.dtype, kernel, x.shape[3], filters, attributes.groups, winograd_tile)});
  if (inputs.size() > last) {
    check_same_dtype(*this, x, "x", inputs[2], "bias");
    check_shape(*this, inputs[2], "bias", {filters});
  }
  const WindowGeometry g = resolve(name(), attributes.window, x.shape[1], x.shape[2]);
  if (winograd_tile > 0 && !winograd_fits(x, g)) {
    fail(name(), "Winograd's method does not fit", "stride 1, no dilation, 16 channels or more, and few enough of them",
         "x.shape", x.shape, "Leave winograd_tile out.");
  }
  const TensorSpec y{x.dtype, {x.shape[0], g.oh, g.ow, filters}};
  if (residual) {
    check_residual(*this, inputs.back(), y);
    if (pooled) fail(name(), "maxima are not added to", "residual=False with pooled=True", "residual", residual, "");
  }
  if (!pooled) return {y};
  if (g.oh < 2 || g.ow < 2) {
    fail(name(), "the convolution is smaller than the pooling window", "2×2 or more", "its output", Shape{g.oh, g.ow},
         "");
  }
  return {{x.dtype, {x.shape[0], g.oh / 2, g.ow / 2, filters}}};
}

bool Conv2DPacked::winograd_fits(const TensorSpec& x, const WindowGeometry& g) const {
  bool fits = false;
  dispatch_float(x.dtype, [&](auto zero) {
    auto conv = forward_conv<decltype(zero)>(g, x.shape[3], filters, attributes.groups);
    conv.images = x.shape[0];
    fits = winograd_serves(conv, winograd_tile);
  });
  return fits;
}

int64_t Conv2DPacked::best_tile(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec& x = inputs[0];
  const WindowGeometry g = resolve(name(), attributes.window, x.shape[1], x.shape[2]);
  int64_t tile = 0;
  dispatch_float(x.dtype, [&](auto zero) {
    auto conv = forward_conv<decltype(zero)>(g, x.shape[3], filters, attributes.groups);
    conv.images = x.shape[0];
    tile = juanji::winograd_tile(conv, true);
  });
  return tile;
}

void Conv2DPacked::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& x = inputs[0];
  if (residual) begin_with(inputs.back(), outputs[0]);
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const WindowGeometry g = resolve(name(), attributes.window, x.dim(1), x.dim(2));
    DirectConv<T> conv = forward_conv<T>(g, x.dim(3), filters, attributes.groups);
    conv.x = x.as<T>();
    conv.images = x.dim(0);
    conv.y = outputs[0].as<T>();
    conv.pooled = pooled;
    conv.y_image = outputs[0].dim(1) * outputs[0].dim(2) * filters;
    conv.y_row = outputs[0].dim(2) * filters;
    conv.bias = inputs.size() > (residual ? 3 : 2) ? inputs[2].as<T>() : nullptr;
    conv.add = residual;
    conv.activation = activation;
    const T* packed = inputs[1].as<T>();
    winograd_tile > 0 ? winograd_conv_packed(conv, winograd_tile, packed) : direct_conv(conv, packed);
  });
}

}  // namespace juanji
