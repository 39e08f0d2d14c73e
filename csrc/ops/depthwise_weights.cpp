// The weight gradient of depthwise convolution: partial sums over blocks of output rows, added in a fixed tree.
#include <algorithm>

#include "ops/channel_rows.hpp"
#include "ops/depthwise.hpp"
#include "ops/depthwise_3x3.hpp"
#include "ops/depthwise_bands.hpp"

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

// Where chunks begin and end, in output rows of all images.
struct Chunks {
  int64_t rows, count;
  int64_t chunk_rows = 0;  // of whole images; 0: chunks of equal size

  Chunks(const DepthwisePlan& plan, bool packed) : rows(plan.n * plan.g.oh) {
    if (packed) {
      // Whole images if the sums over x are cut so: then one task can make both.
      const ChannelRows cut({DType::float32, {plan.n, plan.g.h, plan.g.w, plan.c}});
      chunk_rows = cut.images * plan.g.oh;
      count = chunk_rows > 0 ? cut.row_tasks : std::clamp<int64_t>(rows, 1, kMostChunks);
    } else {
      // Neighbouring chunks of an image copy the same rows of x: where channels make tasks enough, none is cut.
      const int64_t images_and_lines = plan.n * DepthwiseChannels::lines(plan.c);
      const int64_t parts = images_and_lines >= kMostChunks ? plan.n : std::max(plan.n, rows / (2 * plan.g.kh));
      count = std::clamp<int64_t>(parts, 1, kMostChunks);
    }
  }
  int64_t begin(int64_t chunk) const {
    return chunk_rows > 0 ? std::min(rows, chunk * chunk_rows) : rows * chunk / count;
  }
};

// Adds to these channels of dw what output rows begin .. end-1 (of all images) contribute.
template <class T>
void add_rows(const DepthwisePlan& plan, const DepthwiseBands& bands, const T* x, const T* dy, T* dw, int64_t begin,
              int64_t end, const DepthwiseChannels& channels) {
  const int64_t oh = plan.g.oh;
  for (int64_t row = begin; row < end;) {
    const int64_t image = row / oh, count = std::min(end, (image + 1) * oh) - row;
    kernels::DepthwiseWeightBand<T> band{};
    band.x = x + image * plan.x_image();
    band.dy = dy + row * plan.g.ow * plan.c;
    band.dw = dw;
    bands.make({image, row % oh, count, 0, plan.g.ow, channels.first, channels.last}, band);
    row += count;
  }
}

// Elements of one chunk's sums: those of dw, or more where they are packed.
template <class T>
int64_t sum_size(const DepthwisePlan& plan) {
  return depthwise_3x3::serves_weights<T>(plan) ? depthwise_3x3::weight_sum_size<T>(plan.c) : plan.weights();
}

// Sums over every chunk, one after another.
template <class T>
void make_sums(const DepthwisePlan& plan, const Chunks& chunks, const T* x, const T* dy, T* sums) {
  const bool packed = depthwise_3x3::serves_weights<T>(plan);
  const int64_t size = sum_size<T>(plan);
  const DepthwiseBands bands = DepthwiseBands::forward(plan);
  // Packed sums have all channels.
  const int64_t parts =
      packed ? 1 : std::clamp<int64_t>(2 * kMostChunks / chunks.count, 1, DepthwiseChannels::lines(plan.c));
  const double cost = static_cast<double>(chunks.rows * plan.g.ow * plan.weights()) * kDepthwiseCost;
  parallel_for(chunks.count * parts, cost / static_cast<double>(chunks.count * parts), [&](int64_t task, int) {
    const int64_t chunk = task / parts, begin = chunks.begin(chunk), end = chunks.begin(chunk + 1);
    T* sum = sums + chunk * size;
    if (packed) {
      std::fill(sum, sum + size, T(0));
      return depthwise_3x3::add_weight_rows(plan, x, dy, sum, begin, end);
    }
    const DepthwiseChannels channels(plan.c, task % parts, parts);
    for (int64_t k = 0; k < size; k += plan.c) std::fill(sum + k + channels.first, sum + k + channels.last, T(0));
    add_rows(plan, bands, x, dy, sum, begin, end, channels);
  });
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
    const Chunks chunks(plan, depthwise_3x3::serves_weights<T>(plan));
    bytes += static_cast<size_t>(chunks.count * sum_size<T>(plan)) * sizeof(T);
  });
  return bytes;
}

void DepthwiseConv2DWeightGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                        void* workspace) const {
  const DepthwisePlan plan = weight_gradient_plan(*this, inputs[0].spec, inputs[1].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool packed = depthwise_3x3::serves_weights<T>(plan);
    const Chunks chunks(plan, packed);
    const int64_t size = sum_size<T>(plan);
    T* sums = static_cast<T*>(workspace);
    const T* x = repeat_channels(plan, inputs[0].as<T>(), sums + chunks.count * size);
    const T* dy = inputs[1].as<T>();
    T* dw = outputs[0].as<T>();
    make_sums(plan, chunks, x, dy, sums);
    if (packed) return depthwise_3x3::add_weight_sums(plan.c, sums, chunks.count, dw);
    add_in_tree(sums, size, chunks.count);
    std::copy(sums, sums + size, dw);
  });
}

}  // namespace juanji
