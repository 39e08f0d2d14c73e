#include "ops/softmax.hpp"

#include "core/parallel.hpp"
#include "kernels/softmax.hpp"
#include "ops/rows_of_classes.hpp"

namespace juanji {
namespace {

constexpr double kForwardCost = 1.5;  // nanoseconds an element: one exponential
constexpr double kGradientCost = 0.6;

std::vector<TensorSpec> forward_output(const Operation& op, const std::vector<TensorSpec>& inputs) {
  check_input_count(op, inputs, 1, 1);
  check_rows_of_classes(op, inputs[0], "x");
  return {inputs[0]};
}

std::vector<TensorSpec> gradient_output(const Operation& op, const std::vector<TensorSpec>& inputs) {
  check_input_count(op, inputs, 2, 2);
  check_rows_of_classes(op, inputs[0], "y");
  check_like(op, inputs[0], "y", inputs[1], "dy");
  return {inputs[0]};
}

// Calls kernel(x + offset..., y + offset, rows, classes) for ranges of rows.
template <class Kernel, class T, class... X>
void over_rows(const TensorSpec& spec, double cost, Kernel kernel, T* y, const X*... x) {
  const int64_t classes = spec.shape.back();
  parallel_ranges(
      spec.size() / classes, row_grain(classes), cost * static_cast<double>(classes),
      [&](int64_t begin, int64_t end) { kernel(x + begin * classes..., y + begin * classes, end - begin, classes); });
}

}  // namespace

std::vector<TensorSpec> Softmax::outputs(const std::vector<TensorSpec>& inputs) const {
  return forward_output(*this, inputs);
}

void Softmax::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    over_rows(inputs[0].spec, kForwardCost, kernels::softmax<T>().softmax, outputs[0].as<T>(), x);
  });
}

std::vector<TensorSpec> SoftmaxGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return gradient_output(*this, inputs);
}

void SoftmaxGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* y = inputs[0].as<T>();
    const T* dy = inputs[1].as<T>();
    over_rows(inputs[0].spec, kGradientCost, kernels::softmax<T>().softmax_gradient, outputs[0].as<T>(), y, dy);
  });
}

std::vector<TensorSpec> LogSoftmax::outputs(const std::vector<TensorSpec>& inputs) const {
  return forward_output(*this, inputs);
}

void LogSoftmax::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    over_rows(inputs[0].spec, kForwardCost, kernels::softmax<T>().log_softmax, outputs[0].as<T>(), x);
  });
}

std::vector<TensorSpec> LogSoftmaxGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return gradient_output(*this, inputs);
}

void LogSoftmaxGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* y = inputs[0].as<T>();
    const T* dy = inputs[1].as<T>();
    over_rows(inputs[0].spec, kForwardCost, kernels::softmax<T>().log_softmax_gradient, outputs[0].as<T>(), y, dy);
  });
}

}  // namespace juanji
