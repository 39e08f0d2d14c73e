// Average pooling and its gradient.
#include "kernels/average_pool.hpp"
#include "ops/pool_plan.hpp"

namespace juanji {

std::vector<TensorSpec> AveragePool::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  return {{inputs[0].dtype, pool_plan_from_input(*this, inputs[0]).y}};
}

void AveragePool::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PoolPlan plan = pool_plan_from_input(*this, inputs[0].spec);
  const kernels::PoolShape& s = plan.shape;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    for_row_blocks(plan.n, s.oh, pool_output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
      kernels::average_pool<T>().forward(s, x + image * plan.x_image(), y + image * plan.y_image(), begin, end);
    });
  });
}

std::vector<TensorSpec> AveragePoolGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "dy");
  return {{inputs[0].dtype, pool_plan_from_gradient(*this, inputs[0], input_size).x}};
}

void AveragePoolGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PoolPlan plan = pool_plan_from_gradient(*this, inputs[0].spec, input_size);
  const kernels::PoolShape& s = plan.shape;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* dy = inputs[0].as<T>();
    T* dx = outputs[0].as<T>();
    for_row_blocks(plan.n, s.h, pool_input_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
      kernels::average_pool<T>().gradient(s, dy + image * plan.y_image(), dx + image * plan.x_image(), begin, end);
    });
  });
}

}  // namespace juanji
