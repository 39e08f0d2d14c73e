#include "ops/norm_depthwise.hpp"

#include <algorithm>
#include <optional>

#include "core/buffer_pool.hpp"
#include "core/check.hpp"
#include "ops/batch_norm_parts.hpp"
#include "ops/conv2d_moments.hpp"
#include "ops/depthwise_3x3.hpp"

namespace juanji {
namespace {

DepthwisePlan plan_of(const Operation& op, const Window& window, const TensorSpec& x, const TensorSpec& w) {
  return depthwise_plan(op, window, x.shape, w.shape[0], w.shape[1], w.shape[3]);
}

DepthwisePlan one_image(DepthwisePlan plan) {
  plan.n = 1;
  return plan;
}

// The vectors of a normalisation are four inputs that follow each other.
template <class T>
ChannelNorm<T> norm_at(const std::vector<Tensor>& inputs, size_t first, double epsilon, Activation activation) {
  return {inputs[first].as<T>(),
          inputs[first + 1].as<T>(),
          inputs[first + 2].as<T>(),
          inputs[first + 3].as<T>(),
          epsilon,
          activation == Activation::relu};
}

void check_norm(const Operation& op, const std::vector<TensorSpec>& inputs, size_t first, const TensorSpec& x) {
  const char* const names[] = {"gamma", "beta", "mean", "variance"};
  for (size_t i = 0; i < 4; ++i) {
    check_same_dtype(op, x, "x", inputs[first + i], names[i]);
    check_shape(op, inputs[first + i], names[i], {x.shape[3]});
  }
}

void check_images(const NormDepthwise& conv, const Operation& op, const TensorSpec& x, const TensorSpec& w) {
  check_float(op, x, "x");
  check_rank(op, x, "x", 4, "(images, height, width, channels)");
  check_same_dtype(op, x, "x", w, "w");
  check_shape(op, w, "w", {3, 3, x.shape[3], 1});
  if (conv.fits(x, w)) return;
  fail(op.name(), "cannot go through x image by image", "16 or more images and padding of at most 1", "x.shape",
       x.shape, "Use batch_norm and depthwise_conv2d.");
}

// What lies in the workspace of the gradient: first what kernels load by vectors.
template <class T>
struct GradientSpace {
  size_t packed, sums, partial, vectors;  // bytes

  GradientSpace(const DepthwisePlan& plan, const ChannelRows& in, const ChannelRows& out)
      : packed(depthwise_3x3::packed_bytes(plan, DTypeOf<T>::value)),
        sums(static_cast<size_t>(in.row_tasks * depthwise_3x3::weight_sum_size<T>(plan.c)) * sizeof(T)),
        partial(static_cast<size_t>(partial_doubles(in)) * sizeof(double)),
        vectors(static_cast<size_t>(kForward * in.cols + (kForward + kBackward) * out.cols) * sizeof(T)) {
    sums = (sums + sizeof(double) - 1) / sizeof(double) * sizeof(double);
  }
  size_t bytes() const { return packed + sums + partial + vectors; }

  static constexpr int64_t kForward = NormForward<T>::kVectors, kBackward = NormBackward<T>::kVectors;
};

// Of the statistics' partial results, in whole cache lines: what kernels load by vectors lies behind.
size_t moments_bytes(const NormDepthwise& op, const DepthwisePlan& plan, DType dtype) {
  constexpr size_t kLine = 64;
  if (!op.moments) return 0;
  return (MomentsOnTheWay<float>::bytes({dtype, plan.y()}) + kLine - 1) / kLine * kLine;
}

}  // namespace

NormDepthwise::NormDepthwise(const Window& w, double eps, Activation act) : window(w), epsilon(eps), activation(act) {
  check_norm_attributes(*this, epsilon, activation);
}

bool NormDepthwise::fits(const TensorSpec& x, const TensorSpec& w) const {
  if (x.rank() != 4 || w.rank() != 4 || w.shape[0] != 3 || w.shape[1] != 3 || w.shape[3] != 1) return false;
  if (!depthwise_3x3::serves(plan_of(*this, window, x, w))) return false;
  return ChannelRows(x).images > 0;
}

std::vector<TensorSpec> NormDepthwise::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 6, 7);
  const TensorSpec &x = inputs[0], &w = inputs[5];
  check_images(*this, *this, x, w);
  check_norm(*this, inputs, 1, x);
  if (inputs.size() == 7) {
    check_same_dtype(*this, x, "x", inputs[6], "b");
    check_shape(*this, inputs[6], "b", {x.shape[3]});
  }
  const TensorSpec y{x.dtype, plan_of(*this, window, x, w).y()}, vector{x.dtype, {x.shape[3]}};
  if (!moments) return {y};
  if (!Conv2DMoments::fits(y)) {
    fail(name(), "cannot take statistics image by image", "an output whose images fill vectors", "its output", y.shape,
         "Leave moments out.");
  }
  return {y, vector, vector};
}

size_t NormDepthwise::workspace(const std::vector<TensorSpec>& inputs) const {
  const DepthwisePlan plan = plan_of(*this, window, inputs[0], inputs[5]);
  return moments_bytes(*this, plan, inputs[0].dtype) + depthwise_3x3::packed_bytes(plan, inputs[0].dtype) +
         static_cast<size_t>(3 * ChannelRows(inputs[0]).cols) * dtype_bytes(inputs[0].dtype);
}

void NormDepthwise::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  const DepthwisePlan plan = plan_of(*this, window, inputs[0].spec, inputs[5].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const DepthwisePlan one = one_image(plan);
    std::optional<MomentsOnTheWay<T>> statistics;
    if (moments) statistics.emplace(outputs[0], workspace);
    const size_t before = moments_bytes(*this, plan, inputs[0].spec.dtype);
    T* packed = reinterpret_cast<T*>(static_cast<char*>(workspace) + before);
    T* vectors = packed + depthwise_3x3::packed_bytes(plan, inputs[0].spec.dtype) / sizeof(T);
    depthwise_3x3::pack<T>(plan, inputs[5].as<T>(), packed);
    const NormForward<T> norm(ChannelRows(inputs[0].spec), norm_at<T>(inputs, 1, epsilon, activation), vectors);
    const T *x = inputs[0].as<T>(), *b = inputs.size() == 7 ? inputs[6].as<T>() : nullptr;
    T* y = outputs[0].as<T>();
    const int64_t size = plan.x_image(), y_row = plan.g.ow * plan.c;
    const double cost = static_cast<double>(plan.y_image() * 9) * kDepthwiseCost;
    parallel_for(plan.n, cost, [&](int64_t image, int) {
      const Buffer normal(static_cast<size_t>(size) * sizeof(T));
      norm.apply(x + image * size, nullptr, normal.as<T>(), size);
      for (int64_t row = 0; row < plan.g.oh; ++row) {
        depthwise_3x3::forward_row<T>(one, normal.as<T>(), packed, b, Activation::none, row, row + 1 == plan.g.oh,
                                      y + (image * plan.g.oh + row) * y_row);
      }
      if (statistics) statistics->finished(image, plan.y_image());
    });
    if (statistics) statistics->take(outputs[1].as<T>(), outputs[2].as<T>());
  });
}

NormDepthwiseGradient::NormDepthwiseGradient(const NormDepthwise& conv, double eps, Activation act)
    : forward(conv),
      out_epsilon(eps),
      out_activation(act) {
  check_norm_attributes(*this, out_epsilon, out_activation);
}

std::vector<TensorSpec> NormDepthwiseGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 13, 13);
  const TensorSpec &y = inputs[1], &w = inputs[7], &x = inputs[8];
  check_images(forward, *this, x, w);
  for (const size_t i : {0, 1}) {
    check_same_dtype(*this, x, "x", inputs[i], i == 0 ? "dz" : "y");
    check_shape(*this, inputs[i], i == 0 ? "dz" : "y", plan_of(*this, forward.window, x, w).y());
  }
  check_norm(*this, inputs, 2, y);
  check_norm_sums(*this, inputs[6], "sums", y.shape[3]);
  check_norm(*this, inputs, 9, x);
  return {x, w, inputs[9], inputs[9], {DType::float64, {2, x.shape[3]}}};
}

size_t NormDepthwiseGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const DepthwisePlan plan = plan_of(*this, forward.window, inputs[8], inputs[7]);
  size_t bytes = 0;
  dispatch_float(inputs[8].dtype, [&](auto zero) {
    bytes = GradientSpace<decltype(zero)>(plan, ChannelRows(inputs[8]), ChannelRows(inputs[1])).bytes();
  });
  return bytes;
}

void NormDepthwiseGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                void* workspace) const {
  const DepthwisePlan plan = plan_of(*this, forward.window, inputs[8].spec, inputs[7].spec);
  const ChannelRows in(inputs[8].spec), out(inputs[1].spec);
  dispatch_float(inputs[8].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const GradientSpace<T> space(plan, in, out);
    T* packed = static_cast<T*>(workspace);
    T* sums = packed + space.packed / sizeof(T);
    double* partial = reinterpret_cast<double*>(sums + space.sums / sizeof(T));
    T* in_vectors = reinterpret_cast<T*>(partial + partial_doubles(in));
    T* out_vectors = in_vectors + space.kForward * in.cols;
    const ChannelNorm<T> out_norm = norm_at<T>(inputs, 2, out_epsilon, out_activation);
    const ChannelNorm<T> in_norm = norm_at<T>(inputs, 9, forward.epsilon, forward.activation);
    const ChannelSums out_sums{inputs[6].as<double>(), inputs[6].as<double>() + plan.c};
    const NormForward<T> before(in, in_norm, in_vectors), behind(out, out_norm, out_vectors);
    const NormBackward<T> back(out, out_norm, behind, out_sums, out_vectors + space.kForward * out.cols);
    depthwise_3x3::pack_for_gradient<T>(plan, inputs[7].as<T>(), packed);
    const ChannelPartials parts(in, partial);

    const DepthwisePlan one = one_image(plan);
    const T *dz = inputs[0].as<T>(), *y = inputs[1].as<T>(), *x = inputs[8].as<T>();
    T* dx = outputs[0].as<T>();
    const int64_t x_image = plan.x_image(), y_image = plan.y_image(), x_row = plan.g.w * plan.c;
    const int64_t sum_size = depthwise_3x3::weight_sum_size<T>(plan.c);
    const double cost = static_cast<double>(in.images * plan.y_image() * 18) * kDepthwiseCost;
    parallel_for(in.row_tasks, cost, [&](int64_t task, int) {
      const Buffer memory(static_cast<size_t>(x_image + y_image) * sizeof(T));
      T *normal = memory.as<T>(), *dy = normal + x_image;
      T* dw = sums + task * sum_size;
      std::fill(dw, dw + sum_size, T(0));
      const int64_t end = std::min(plan.n, (task + 1) * in.images);
      for (int64_t image = task * in.images; image < end; ++image) {
        back.apply(dz + image * y_image, y + image * y_image, dy, y_image);
        before.apply(x + image * x_image, nullptr, normal, x_image);
        depthwise_3x3::add_weight_rows<T>(one, normal, dy, dw, 0, plan.g.oh);
        for (int64_t row = 0; row < plan.g.h; ++row) {
          depthwise_3x3::input_gradient_row<T>(one, dy, packed, row, row + 1 == plan.g.h,
                                               dx + image * x_image + row * x_row);
        }
      }
      const ChannelRows::Part part = in.part(task);
      kernels::batch_norm<T>().gradient_sums(dx + part.element, x + part.element, before.center(0), before.mask(0),
                                             nullptr, part.rows, part.stride, part.cols, parts.first + part.slot,
                                             parts.second + part.slot);
    });
    depthwise_3x3::add_weight_sums(plan.c, sums, in.row_tasks, outputs[1].as<T>());
    const ChannelSums total{outputs[4].as<double>(), outputs[4].as<double>() + plan.c};
    merge_sums(in, parts, total);
    vector_gradients(plan.c, in_norm, total, outputs[2].as<T>(), outputs[3].as<T>());
  });
}

}  // namespace juanji
