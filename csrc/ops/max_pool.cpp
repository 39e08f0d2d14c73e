// Max pooling and its gradient.
#include "kernels/max_pool.hpp"

#include "kernels/max_pool_2x2.hpp"
#include "ops/max_pool_rows.hpp"
#include "ops/pool_plan.hpp"

namespace juanji {
namespace {

// Calls body(table, Index{}) with the argmax kernels for the plan's index type.
template <class T, class Body>
void with_index(DType index, Body body) {
  const auto& table = kernels::max_pool<T>();
  if (index == DType::uint8) {
    body(table.narrow, uint8_t{});
  } else {
    body(table.wide, int32_t{});
  }
}

template <class T>
void pool_2x2(const PoolPlan& plan, const T* x, T* y, uint8_t* argmax) {
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_row = s.w * s.c, y_row = s.ow * s.c;
  for_row_blocks(plan.n, s.oh, pool_output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* top = x + (image * s.h + 2 * i) * x_row;
      const int64_t to = (image * s.oh + i) * y_row;
      kernels::max_pool_2x2<T>().row({top, top + x_row, s.c, y + to, argmax ? argmax + to : nullptr, s.c, s.ow, s.c});
    }
  });
}

template <class T>
void gradient_2x2(const PoolPlan& plan, const T* dy, const uint8_t* argmax, T* dx) {
  const kernels::PoolShape& s = plan.shape;
  for_row_blocks(plan.n, s.h, pool_input_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      max_pool_gradient_row<T>(plan, dy, argmax, nullptr, dx, nullptr, image * s.h + r, 0, s.w);
    }
  });
}

}  // namespace

std::vector<TensorSpec> MaxPool::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  const PoolPlan plan = pool_plan_from_input(*this, inputs[0]);
  std::vector<TensorSpec> specs = {{inputs[0].dtype, plan.y}};
  if (argmax) specs.push_back({plan.index, plan.y});
  return specs;
}

void MaxPool::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PoolPlan plan = pool_plan_from_input(*this, inputs[0].spec);
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_image = plan.x_image(), y_image = plan.y_image();
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    if (plan.two_by_two() && s.h >= 2 * s.oh && s.w >= 2 * s.ow) {
      return pool_2x2(plan, x, y, argmax ? outputs[1].as<uint8_t>() : nullptr);
    }
    if (!argmax) {
      for_row_blocks(plan.n, s.oh, pool_output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        kernels::max_pool<T>().forward(s, x + image * x_image, y + image * y_image, begin, end);
      });
      return;
    }
    with_index<T>(plan.index, [&](const auto& table, auto index) {
      auto* at = outputs[1].as<decltype(index)>();
      for_row_blocks(plan.n, s.oh, pool_output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        table.forward(s, x + image * x_image, y + image * y_image, at + image * y_image, begin, end);
      });
    });
  });
}

std::vector<TensorSpec> MaxPoolGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "dy");
  const PoolPlan plan = pool_plan_from_gradient(*this, inputs[0], input_size);
  check_argmax(*this, plan, inputs[1]);
  return {{inputs[0].dtype, plan.x}};
}

void MaxPoolGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PoolPlan plan = pool_plan_from_gradient(*this, inputs[0].spec, input_size);
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_image = plan.x_image(), y_image = plan.y_image();
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* dy = inputs[0].as<T>();
    T* dx = outputs[0].as<T>();
    if (plan.two_by_two()) return gradient_2x2(plan, dy, inputs[1].as<uint8_t>(), dx);
    with_index<T>(plan.index, [&](const auto& table, auto index) {
      const auto* at = inputs[1].as<decltype(index)>();
      for_row_blocks(plan.n, s.h, pool_input_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        table.gradient(s, dy + image * y_image, at + image * y_image, dx + image * x_image, begin, end);
      });
    });
  });
}

std::vector<TensorSpec> MaxPoolTake::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "x");
  const PoolPlan plan = pool_plan_from_input(*this, inputs[0]);
  check_argmax(*this, plan, inputs[1]);
  return {{inputs[0].dtype, plan.y}};
}

void MaxPoolTake::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PoolPlan plan = pool_plan_from_input(*this, inputs[0].spec);
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_image = plan.x_image(), y_image = plan.y_image();
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    with_index<T>(plan.index, [&](const auto& table, auto index) {
      const auto* at = inputs[1].as<decltype(index)>();
      for_row_blocks(plan.n, s.oh, pool_output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        table.take(s, x + image * x_image, at + image * y_image, y + image * y_image, begin, end);
      });
    });
  });
}

}  // namespace juanji
