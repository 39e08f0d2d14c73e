#include "ops/unary.hpp"

#include "core/parallel.hpp"
#include "kernels/unary.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;      // elements a task: 64 KiB of float32, half an L1 cache and more
constexpr double kCostPerElement = 0.3;  // nanoseconds, bound by memory

}  // namespace

std::vector<TensorSpec> Relu::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  return {inputs[0]};
}

void Relu::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    parallel_ranges(inputs[0].size(), kGrain, kCostPerElement, [&](int64_t begin, int64_t end) {
      kernels::unary<T>().relu(x + begin, y + begin, end - begin);
    });
  });
}

std::vector<TensorSpec> ReluGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "y");
  check_same_dtype(*this, inputs[0], "y", inputs[1], "dy");
  check_shape(*this, inputs[1], "dy", inputs[0].shape);
  return {inputs[0]};
}

void ReluGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* y = inputs[0].as<T>();
    const T* dy = inputs[1].as<T>();
    T* dx = outputs[0].as<T>();
    parallel_ranges(inputs[0].size(), kGrain, kCostPerElement, [&](int64_t begin, int64_t end) {
      kernels::unary<T>().relu_gradient(y + begin, dy + begin, dx + begin, end - begin);
    });
  });
}

}  // namespace juanji
