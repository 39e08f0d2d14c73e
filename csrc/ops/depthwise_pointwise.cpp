#include "ops/depthwise_pointwise.hpp"

#include "core/check.hpp"
#include "ops/conv2d_forward.hpp"
#include "ops/depthwise_plan.hpp"
#include "ops/depthwise_rows.hpp"
#include "ops/direct_conv_plan.hpp"

namespace juanji {
namespace {

// The 1×1 convolution of the depthwise result.
template <class T>
DirectConv<T> pointwise(const DepthwisePlan& plan, int64_t filters) {
  WindowGeometry g{};
  g.h = g.oh = plan.g.oh;
  g.w = g.ow = plan.g.ow;
  g.kh = g.kw = g.sh = g.sw = g.dh = g.dw = 1;
  DirectConv<T> conv = forward_conv<T>(g, plan.c, filters, 1);
  conv.images = plan.n;
  return conv;
}

DepthwisePlan plan_of(const DepthwisePointwise& op, const TensorSpec& x, const TensorSpec& w) {
  return depthwise_plan(op, op.window, x.shape, w.shape[0], w.shape[1], 1);
}

}  // namespace

std::vector<TensorSpec> DepthwisePointwise::outputs(const std::vector<TensorSpec>& inputs) const {
  const size_t vectors = 3 + (depthwise_bias ? 1 : 0) + (bias ? 1 : 0), count = vectors + (residual ? 1 : 0);
  check_input_count(*this, inputs, count, count);
  const TensorSpec& x = inputs[0];
  check_float(*this, x, "x");
  check_rank(*this, x, "x", 4, "(N, H, W, C)");
  check_rank(*this, inputs[1], "w", 4, "(KH, KW, C, 1)");
  for (size_t i = 1; i < count; ++i) check_same_dtype(*this, x, "x", inputs[i], "weights");
  check_shape(*this, inputs[1], "w", {inputs[1].shape[0], inputs[1].shape[1], x.shape[3], 1});
  const DepthwisePlan plan = plan_of(*this, x, inputs[1]);
  dispatch_float(x.dtype, [&](auto zero) {
    check_shape(*this, inputs[2], "packed", {packed_weights_size(pointwise<decltype(zero)>(plan, filters))});
  });
  if (depthwise_bias) check_shape(*this, inputs[3], "depthwise bias", {plan.c});
  if (bias) check_shape(*this, inputs[vectors - 1], "bias", {filters});
  const TensorSpec y{x.dtype, {plan.n, plan.g.oh, plan.g.ow, filters}};
  if (residual) check_residual(*this, inputs.back(), y);
  return {y};
}

size_t DepthwisePointwise::workspace(const std::vector<TensorSpec>& inputs) const {
  return depthwise_packed_bytes(plan_of(*this, inputs[0], inputs[1]), inputs[0].dtype);
}

bool DepthwisePointwise::makes_rows_once(const std::vector<TensorSpec>& inputs) const {
  bool once = false;
  dispatch_float(inputs[0].dtype, [&](auto zero) {
    const auto rows_are_made = [](int64_t, int64_t, int64_t, decltype(zero)*) {};
    const FunctionRef<void(int64_t, int64_t, int64_t, decltype(zero)*)> make_rows(rows_are_made);
    DirectConv<decltype(zero)> conv = pointwise<decltype(zero)>(plan_of(*this, inputs[0], inputs[1]), filters);
    conv.make_rows = &make_rows;
    once = DirectConvPlan<decltype(zero)>(conv).panel_tasks == 1;
  });
  return once;
}

void DepthwisePointwise::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                             void* workspace) const {
  const DepthwisePlan plan = plan_of(*this, inputs[0].spec, inputs[1].spec);
  if (residual) begin_with(inputs.back(), outputs[0]);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const DepthwiseRows<T> rows(plan, inputs[0].as<T>(), inputs[1].as<T>(),
                                depthwise_bias ? inputs[3].as<T>() : nullptr, depthwise_activation,
                                static_cast<T*>(workspace));
    const auto fill = [&](int64_t image, int64_t row, int64_t count, T* to) { rows.make(image, row, count, to); };
    const FunctionRef<void(int64_t, int64_t, int64_t, T*)> make_rows(fill);
    DirectConv<T> conv = pointwise<T>(plan, filters);
    conv.make_rows = &make_rows;
    conv.y = outputs[0].as<T>();
    conv.bias = bias ? inputs[depthwise_bias ? 4 : 3].as<T>() : nullptr;
    conv.add = residual;
    conv.activation = activation;
    direct_conv(conv, static_cast<const T*>(inputs[2].as<T>()));
  });
}

}  // namespace juanji
