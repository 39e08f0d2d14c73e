// The weight gradient of depthwise convolution: partial sums over blocks of output rows, added in a fixed tree.
#include <algorithm>

#include "ops/channel_rows.hpp"
#include "ops/depthwise.hpp"
#include "ops/depthwise_3x3.hpp"
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

// Where chunks begin and end, in output rows of all images. Whole images if the sums over x are cut so: then one task
// can make both.
struct Chunks {
  int64_t rows, count, image_rows;  // image_rows: of a chunk of whole images; 0: chunks of equal size

  explicit Chunks(const DepthwisePlan& plan) : rows(plan.n * plan.g.oh) {
    const ChannelRows cut({DType::float32, {plan.n, plan.g.h, plan.g.w, plan.c}});
    image_rows = cut.images * plan.g.oh;
    count = image_rows > 0 ? cut.row_tasks : std::clamp<int64_t>(rows, 1, kMostChunks);
  }
  int64_t begin(int64_t chunk) const {
    return image_rows > 0 ? std::min(rows, chunk * image_rows) : rows * chunk / count;
  }
};

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

// Elements of one chunk's sums: those of dw, or more where they are packed.
template <class T>
int64_t sum_size(const DepthwisePlan& plan) {
  return depthwise_3x3::serves_weights(plan) ? depthwise_3x3::weight_sum_size<T>(plan.c) : plan.weights();
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
  size_t bytes = plan.repeated_input(inputs[0].dtype);
  dispatch_float(inputs[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    bytes += static_cast<size_t>(Chunks(plan).count * sum_size<T>(plan)) * sizeof(T);
  });
  return bytes;
}

void DepthwiseConv2DWeightGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                        void* workspace) const {
  const DepthwisePlan plan = weight_gradient_plan(*this, inputs[0].spec, inputs[1].spec);
  const bool packed = depthwise_3x3::serves_weights(plan);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Chunks chunks(plan);
    const int64_t size = sum_size<T>(plan);
    T* sums = static_cast<T*>(workspace);
    const T* x = repeat_channels(plan, inputs[0].as<T>(), sums + chunks.count * size);
    const T* dy = inputs[1].as<T>();
    const double cost = static_cast<double>(chunks.rows * plan.g.ow * plan.weights()) * kDepthwiseCost;
    parallel_for(chunks.count, cost / static_cast<double>(chunks.count), [&](int64_t chunk, int) {
      T* sum = sums + chunk * size;
      const int64_t begin = chunks.begin(chunk), end = chunks.begin(chunk + 1);
      std::fill(sum, sum + size, T(0));
      if (packed) return depthwise_3x3::add_weight_rows(plan, x, dy, sum, begin, end);
      for (int64_t row = begin; row < end; ++row) add_row(plan, x, dy, sum, row);
    });
    T* dw = outputs[0].as<T>();
    if (packed) return depthwise_3x3::add_weight_sums(plan.c, sums, chunks.count, dw);
    add_in_tree(sums, size, chunks.count);
    std::copy(sums, sums + size, dw);
  });
}

}  // namespace juanji
