#include "core/check.hpp"
#include "ops/conv2d_forward.hpp"
#include "ops/packed.hpp"

namespace juanji {
namespace {

// Of the convolution only what packing depends on.
template <class T>
int64_t packed_elements(int64_t kh, int64_t kw, int64_t channels, int64_t outputs, int64_t groups) {
  WindowGeometry g{};
  g.kh = kh;
  g.kw = kw;
  return packed_weights_size(forward_conv<T>(g, channels, outputs, groups));
}

int64_t packed_elements(DType dtype, int64_t kh, int64_t kw, int64_t channels, int64_t outputs, int64_t groups) {
  return dtype == DType::float64 ? packed_elements<double>(kh, kw, channels, outputs, groups)
                                 : packed_elements<float>(kh, kw, channels, outputs, groups);
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
  return {{w.dtype, {packed_elements(w.dtype, w.shape[0], w.shape[1], w.shape[2] * groups, w.shape[3], groups)}}};
}

void PackConv2D::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& w = inputs[0];
  dispatch_float(w.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    WindowGeometry g{};
    g.kh = w.dim(0);
    g.kw = w.dim(1);
    pack_weights(forward_conv<T>(g, w.dim(2) * groups, w.dim(3), groups), w.as<T>(),
                 {forward_layout(g, w.dim(2), w.dim(3), groups)}, outputs[0].as<T>());
  });
}

std::vector<TensorSpec> Conv2DPacked::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 3);
  const TensorSpec& x = inputs[0];
  const TensorSpec& packed = inputs[1];
  check_float(*this, x, "x");
  check_rank(*this, x, "x", 4, "(N, H, W, C)");
  check_same_dtype(*this, x, "x", packed, "packed");
  check_divides(*this, attributes.groups, x.shape[3], "C");
  check_divides(*this, attributes.groups, filters, "filters");
  const int64_t* kernel = attributes.window.kernel;
  check_shape(*this, packed, "packed",
              {packed_elements(x.dtype, kernel[0], kernel[1], x.shape[3], filters, attributes.groups)});
  if (inputs.size() == 3) {
    check_same_dtype(*this, x, "x", inputs[2], "bias");
    check_shape(*this, inputs[2], "bias", {filters});
  }
  const WindowGeometry g = resolve(name(), attributes.window, x.shape[1], x.shape[2]);
  if (!pooled) return {{x.dtype, {x.shape[0], g.oh, g.ow, filters}}};
  if (g.oh < 2 || g.ow < 2) {
    fail(name(), "the convolution is smaller than the pooling window", "2×2 or more", "its output", Shape{g.oh, g.ow},
         "");
  }
  return {{x.dtype, {x.shape[0], g.oh / 2, g.ow / 2, filters}}};
}

void Conv2DPacked::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& x = inputs[0];
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
    conv.bias = inputs.size() == 3 ? inputs[2].as<T>() : nullptr;
    conv.activation = activation;
    direct_conv(conv, static_cast<const T*>(inputs[1].as<T>()));
  });
}

}  // namespace juanji
