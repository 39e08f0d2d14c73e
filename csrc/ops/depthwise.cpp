#include "ops/depthwise.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/depthwise.hpp"
#include "ops/depthwise_3x3.hpp"
#include "ops/depthwise_bands.hpp"
#include "ops/depthwise_rows.hpp"

namespace juanji {
namespace {

void check_weights(const Operation& op, const TensorSpec& w) {
  check_rank(op, w, "w", 4, "(kernel height, kernel width, channels, multiplier)");
}

DepthwisePlan forward_plan(const DepthwiseConv2D& op, const TensorSpec& x, const TensorSpec& w) {
  check_rank(op, x, "x", 4, "(images, height, width, channels)");
  check_weights(op, w);
  if (w.shape[2] != x.shape[3]) {
    fail(op.name(), "x and w have different numbers of channels", "w.shape[2]=" + to_text(x.shape[3]), "w.shape",
         w.shape, "The weights are (kernel height, kernel width, channels, multiplier).");
  }
  return depthwise_plan(op, op.window, x.shape, w.shape[0], w.shape[1], w.shape[3]);
}

DepthwisePlan input_gradient_plan(const DepthwiseConv2DInputGradient& op, const TensorSpec& dy, const TensorSpec& w) {
  check_rank(op, dy, "dy", 4, "(images, height, width, channels)");
  check_weights(op, w);
  const DepthwisePlan plan =
      depthwise_plan(op, op.window, {dy.shape[0], op.height, op.width, w.shape[2]}, w.shape[0], w.shape[1], w.shape[3]);
  check_shape(op, dy, "dy", plan.y());
  return plan;
}

// Packed weights, then channels repeated for a multiplier.
template <class T>
struct Workspace {
  T* packed;
  T* repeated;

  Workspace(const DepthwisePlan& plan, DType dtype, void* memory)
      : packed(static_cast<T*>(memory)),
        repeated(packed + depthwise_packed_bytes(plan, dtype) / sizeof(T)) {}
};

// Products of a row of the input gradient.
int64_t gradient_work(const DepthwisePlan& plan) {
  const WindowGeometry& g = plan.g;
  return g.w * plan.weights() / std::min(g.sh * g.sw, g.kh * g.kw);
}

template <class T>
void input_gradient_bands(const DepthwisePlan& plan, const T* dy, const T* w, T* dx) {
  const WindowGeometry& g = plan.g;
  const DepthwiseBands bands = DepthwiseBands::backward(plan);
  bands.for_each([&](const DepthwisePart& part) {
    kernels::DepthwiseBand<T> band{};
    band.x = dy + part.image * plan.y_image();
    band.w = w;
    band.y = dx + (part.image * g.h + part.row) * g.w * plan.c;
    bands.make(part, band);
  });
}

}  // namespace

std::vector<TensorSpec> DepthwiseConv2D::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 3);
  check_float(*this, inputs[0], "x");
  check_same_dtype(*this, inputs[0], "x", inputs[1], "w");
  const DepthwisePlan plan = forward_plan(*this, inputs[0], inputs[1]);
  if (inputs.size() == 3) {
    check_same_dtype(*this, inputs[0], "x", inputs[2], "b");
    check_shape(*this, inputs[2], "b", {plan.c});
  }
  return {{inputs[0].dtype, plan.y()}};
}

size_t DepthwiseConv2D::workspace(const std::vector<TensorSpec>& inputs) const {
  const DepthwisePlan plan = forward_plan(*this, inputs[0], inputs[1]);
  return depthwise_packed_bytes(plan, inputs[0].dtype) + plan.repeated_input(inputs[0].dtype);
}

void DepthwiseConv2D::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                          void* workspace) const {
  const DepthwisePlan plan = forward_plan(*this, inputs[0].spec, inputs[1].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Workspace<T> space(plan, inputs[0].spec.dtype, workspace);
    const T* x = repeat_channels(plan, inputs[0].as<T>(), space.repeated);
    const T* w = inputs[1].as<T>();
    const T* b = inputs.size() == 3 ? inputs[2].as<T>() : nullptr;
    const DepthwiseRows<T> rows(plan, x, w, b, activation, space.packed);
    rows.make_all(outputs[0].as<T>());
  });
}

std::vector<TensorSpec> DepthwiseConv2DInputGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "dy");
  check_same_dtype(*this, inputs[0], "dy", inputs[1], "w");
  const DepthwisePlan plan = input_gradient_plan(*this, inputs[0], inputs[1]);
  return {{inputs[0].dtype, {plan.n, plan.g.h, plan.g.w, inputs[1].shape[2]}}};
}

size_t DepthwiseConv2DInputGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const DepthwisePlan plan = input_gradient_plan(*this, inputs[0], inputs[1]);
  return depthwise_packed_bytes(plan, inputs[0].dtype) + plan.repeated_input(inputs[0].dtype);
}

void DepthwiseConv2DInputGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                       void* workspace) const {
  const DepthwisePlan plan = input_gradient_plan(*this, inputs[0].spec, inputs[1].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Workspace<T> space(plan, inputs[0].spec.dtype, workspace);
    const T* dy = inputs[0].as<T>();
    const T* w = inputs[1].as<T>();
    T* dx = plan.m == 1 ? outputs[0].as<T>() : space.repeated;
    if (depthwise_3x3::serves(plan)) {
      depthwise_3x3::pack_for_gradient(plan, w, space.packed);
      for_depthwise_rows(plan.n * plan.g.h, gradient_work(plan), [&](int64_t row, bool last) {
        depthwise_3x3::input_gradient_row(plan, dy, space.packed, row, last, dx + row * plan.g.w * plan.c);
      });
    } else {
      input_gradient_bands(plan, dy, w, dx);
    }
    if (plan.m == 1) return;
    T* sums = outputs[0].as<T>();
    const int64_t size = plan.n * plan.x_image() / plan.m;
    parallel_ranges(size, 16384 / plan.m + 1, 1.0 * static_cast<double>(plan.m), [&](int64_t begin, int64_t end) {
      kernels::depthwise<T>().sum_groups(dx + begin * plan.m, sums + begin, end - begin, plan.m);
    });
  });
}

}  // namespace juanji
