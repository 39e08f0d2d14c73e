// The gradient of max pooling, the mask of a relu and the bias's sum in one pass.
#include "core/check.hpp"
#include "kernels/bias_gradient.hpp"
#include "kernels/max_pool.hpp"
#include "ops/bias_rows.hpp"
#include "ops/max_pool_rows.hpp"

namespace juanji {
namespace {

// Pixels begin .. end-1, counted over all images, and their sum in their order.
template <class T>
void fused_pixels(const PoolPlan& plan, const T* dy, const uint8_t* argmax, const T* y, T* dz, T* sum, int64_t begin,
                  int64_t end) {
  const int64_t w = plan.shape.w;
  std::fill(sum, sum + plan.shape.c, T(0));
  for (int64_t pixel = begin; pixel < end;) {
    const int64_t row = pixel / w, column = pixel % w, stop = std::min(w, column + end - pixel);
    max_pool_gradient_row(plan, dy, argmax, y, dz, sum, row, column, stop);
    pixel += stop - column;
  }
}

// Other windows: dy is masked first, which gives the same since y is what the window saw at its maximum.
template <class T>
void separately(const PoolPlan& plan, const T* dy, const Tensor& argmax, const T* y, T* dz, T* masked, T* ignored) {
  const kernels::PoolShape& s = plan.shape;
  const int64_t pooled = plan.n * s.oh * s.ow;
  if (y != nullptr) kernels::bias_gradient<T>().bias_gradient(Activation::relu, y, dy, masked, ignored, pooled, s.c);
  const T* from = y != nullptr ? masked : dy;
  for_row_blocks(plan.n, s.h, pool_input_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
    const T* image_dy = from + image * plan.y_image();
    T* image_dz = dz + image * plan.x_image();
    const auto& table = kernels::max_pool<T>();
    if (plan.index == DType::uint8) {
      table.narrow.gradient(s, image_dy, argmax.as<uint8_t>() + image * plan.y_image(), image_dz, begin, end);
    } else {
      table.wide.gradient(s, image_dy, argmax.as<int32_t>() + image * plan.y_image(), image_dz, begin, end);
    }
  });
}

}  // namespace

std::vector<TensorSpec> MaxPoolBiasGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 3);
  check_float(*this, inputs[0], "dy");
  const PoolPlan plan = pool_plan_from_gradient(*this, inputs[0], input_size);
  check_argmax(*this, plan, inputs[1]);
  if (inputs.size() == 3) {
    check_same_dtype(*this, inputs[0], "dy", inputs[2], "y");
    check_shape(*this, inputs[2], "y", plan.y);
  }
  return {{inputs[0].dtype, plan.x}, {inputs[0].dtype, {plan.shape.c}}};
}

size_t MaxPoolBiasGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const PoolPlan plan = pool_plan_from_gradient(*this, inputs[0], input_size);
  const BiasRows cut(plan.x);
  const int64_t masked = plan.two_by_two() ? 0 : plan.n * plan.y_image() + cut.channels;
  return static_cast<size_t>(cut.tasks * cut.channels + masked) * dtype_bytes(inputs[0].dtype);
}

void MaxPoolBiasGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                              void* workspace) const {
  const PoolPlan plan = pool_plan_from_gradient(*this, inputs[0].spec, input_size);
  const BiasRows cut(plan.x);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* dy = inputs[0].as<T>();
    const T* y = inputs.size() == 3 ? inputs[2].as<T>() : nullptr;
    T* dz = outputs[0].as<T>();
    T* partial = static_cast<T*>(workspace);
    const bool fused = plan.two_by_two();
    T* ignored = partial + cut.tasks * cut.channels;
    if (!fused) separately(plan, dy, inputs[1], y, dz, ignored + cut.channels, ignored);
    const double cost = 0.4 * static_cast<double>(cut.task_rows * cut.channels);
    parallel_for(cut.tasks, cost, [&](int64_t task, int) {
      const int64_t begin = task * cut.task_rows, end = std::min(begin + cut.task_rows, cut.rows);
      T* sum = partial + task * cut.channels;
      if (fused) return fused_pixels(plan, dy, inputs[1].as<uint8_t>(), y, dz, sum, begin, end);
      const T* part = dz + begin * cut.channels;
      kernels::bias_gradient<T>().bias_gradient(Activation::none, part, part, nullptr, sum, end - begin, cut.channels);
    });
    cut.add(partial, outputs[1].as<T>());
  });
}

}  // namespace juanji
