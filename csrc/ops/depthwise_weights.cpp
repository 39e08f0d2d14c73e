// The weight gradient of depthwise convolution: partial sums over blocks of output rows, added in a fixed tree.
#include <algorithm>

#include "ops/depthwise.hpp"
#include "ops/depthwise_plan.hpp"

namespace juanji {
namespace {

// Partial sums: enough to keep many cores busy, few enough that adding them costs nothing.
constexpr int64_t kMostChunks = 32;

DepthwisePlan weight_gradient_plan(const DepthwiseConv2DWeightGradient& op, const TensorSpec& x, const TensorSpec& dy) {
  check_rank(op, x, "x", 4, "(images, height, width, channels)");
  check_rank(op, dy, "dy", 4, "(images, height, width, channels)");
  const int64_t m = x.shape[3] == 0 ? 1 : std::max<int64_t>(dy.shape[3] / x.shape[3], 1);
  const DepthwisePlan plan = depthwise_plan(op, op.window, x.shape, op.window.kernel[0], op.window.kernel[1], m);
  check_shape(op, dy, "dy", plan.y());
  return plan;
}

int64_t chunk_count(const DepthwisePlan& plan) { return std::clamp<int64_t>(plan.n * plan.g.oh, 1, kMostChunks); }

// Adds to dw what output row `row` (of all images) contributes.
template <class T>
void add_row(const DepthwisePlan& plan, const T* x, const T* dy, T* dw, int64_t row) {
  const WindowGeometry& g = plan.g;
  Taps taps = forward_taps(row % g.oh, g.kh, g.sh, g.dh, g.top);
  taps.keep_inside(g.h);
  kernels::DepthwiseWeightLine<T> line{};
  line.x = x + row / g.oh * plan.x_image() + taps.source * g.w * plan.c;
  line.x_row_step = taps.source_step * g.w * plan.c;
  line.dy = dy + row * g.ow * plan.c;
  line.dw = dw + taps.first * g.kw * plan.c;
  line.dw_row_step = g.kw * plan.c;
  line.rows = taps.count;
  line.taps = g.kw;
  line.width = g.w;
  line.base = -g.left;
  line.step = g.sw;
  line.tap_step = g.dw;
  line.count = g.ow;
  line.c = plan.c;
  kernels::depthwise<T>().weight_line(line);
}

}  // namespace

std::vector<TensorSpec> DepthwiseConv2DWeightGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "x");
  check_same_dtype(*this, inputs[0], "x", inputs[1], "dy");
  const DepthwisePlan plan = weight_gradient_plan(*this, inputs[0], inputs[1]);
  return {{inputs[0].dtype, {plan.g.kh, plan.g.kw, inputs[0].shape[3], plan.m}}};
}

size_t DepthwiseConv2DWeightGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const DepthwisePlan plan = weight_gradient_plan(*this, inputs[0], inputs[1]);
  const size_t partial_sums = static_cast<size_t>((chunk_count(plan) - 1) * plan.weights());
  return plan.repeated_input(inputs[0].dtype) + partial_sums * dtype_bytes(inputs[0].dtype);
}

void DepthwiseConv2DWeightGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                        void* workspace) const {
  const DepthwisePlan plan = weight_gradient_plan(*this, inputs[0].spec, inputs[1].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = repeat_channels(plan, inputs[0].as<T>(), workspace);
    const T* dy = inputs[1].as<T>();
    T* partial_sums = static_cast<T*>(workspace) + plan.repeated_input(inputs[0].spec.dtype) / sizeof(T);
    const int64_t chunks = chunk_count(plan), rows = plan.n * plan.g.oh, weights = plan.weights();
    const auto chunk_sum = [&](int64_t chunk) {
      return chunk == 0 ? outputs[0].as<T>() : partial_sums + (chunk - 1) * weights;
    };
    const double cost = static_cast<double>(rows * plan.g.ow * weights) * kDepthwiseCost;
    parallel_for(chunks, cost / static_cast<double>(chunks), [&](int64_t chunk, int) {
      T* dw = chunk_sum(chunk);
      std::fill(dw, dw + weights, T(0));
      for (int64_t row = rows * chunk / chunks; row < rows * (chunk + 1) / chunks; ++row) add_row(plan, x, dy, dw, row);
    });
    parallel_ranges(weights, 4096, static_cast<double>(chunks) * 0.1, [&](int64_t begin, int64_t end) {
      for (int64_t step = 1; step < chunks; step *= 2) {
        for (int64_t chunk = 0; chunk + step < chunks; chunk += 2 * step) {
          kernels::depthwise<T>().accumulate(chunk_sum(chunk) + begin, chunk_sum(chunk + step) + begin, end - begin);
        }
      }
    });
  });
}

}  // namespace juanji
