#include "ops/bias_gradient.hpp"

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/bias_gradient.hpp"
#include "ops/bias_rows.hpp"

namespace juanji {
std::vector<TensorSpec> BiasActivationGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  const size_t count = activation == Activation::none ? 1 : 2;
  check_input_count(*this, inputs, count, count);
  const TensorSpec& dy = inputs.back();
  check_float(*this, dy, "dy");
  if (dy.rank() < 1) fail(name(), "dy has no channels", "rank 1 or more", "dy.shape", dy.shape, "");
  const TensorSpec db{dy.dtype, {dy.shape.back()}};
  if (activation == Activation::none) return {db};
  check_same_dtype(*this, inputs[0], "y", dy, "dy");
  check_shape(*this, dy, "dy", inputs[0].shape);
  return {dy, db};
}

size_t BiasActivationGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec& dy = inputs.back();
  const BiasRows cut(dy.shape);
  return static_cast<size_t>(cut.tasks * cut.channels) * dtype_bytes(dy.dtype);
}

void BiasActivationGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                 void* workspace) const {
  const bool masked = activation != Activation::none;
  const BiasRows cut(inputs.back().spec.shape);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* y = inputs[0].as<T>();
    const T* dy = inputs.back().as<T>();
    T* dz = masked ? outputs[0].as<T>() : nullptr;
    T* db = outputs.back().as<T>();
    T* partial = static_cast<T*>(workspace);
    const double cost = 0.4 * static_cast<double>(cut.task_rows * cut.channels);
    parallel_for(cut.tasks, cost, [&](int64_t task, int) {
      const int64_t begin = task * cut.task_rows;
      const int64_t rows = std::min(cut.task_rows, cut.rows - begin);
      const int64_t at = begin * cut.channels;
      kernels::bias_gradient<T>().bias_gradient(activation, y + at, dy + at, masked ? dz + at : nullptr,
                                                partial + task * cut.channels, rows, cut.channels);
    });
    cut.add(partial, db);
  });
}

}  // namespace juanji
