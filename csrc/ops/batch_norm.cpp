#include "ops/batch_norm.hpp"

#include "core/check.hpp"
#include "ops/batch_norm_parts.hpp"

namespace juanji {
namespace {

constexpr double kCost = 0.3;  // nanoseconds an element and pass, bound by memory

// x (..., C) and vectors (C) behind it, then perhaps a residual like x.
void check_inputs(const Operation& op, const std::vector<TensorSpec>& inputs, const char* first, const char* second) {
  check_input_count(op, inputs, 3, 4);
  const TensorSpec& x = inputs[0];
  check_float(op, x, "x");
  if (x.rank() < 1) fail(op.name(), "x has no channels", "rank 1 or more", "x.shape", x.shape, "");
  const char* const names[] = {"x", first, second, "residual"};
  for (size_t i = 1; i < inputs.size(); ++i) {
    check_same_dtype(op, x, "x", inputs[i], names[i]);
    check_shape(op, inputs[i], names[i], i == 3 ? x.shape : Shape{x.shape.back()});
  }
}

// Partial results, totals, then `vectors` of T as wide as the columns.
size_t scratch_bytes(const TensorSpec& x, int64_t vectors) {
  const ChannelRows cut(x);
  return static_cast<size_t>(partial_doubles(cut) + 2 * cut.channels) * sizeof(double) +
         static_cast<size_t>(vectors * cut.cols) * dtype_bytes(x.dtype);
}

// Mean and variance of each channel; `scratch` has scratch_bytes without vectors.
template <class T>
void take_moments(const ChannelRows& cut, const T* x, double* scratch, T* mean, T* variance) {
  const ChannelPartials parts(cut, scratch);
  const ChannelSums total{scratch + partial_doubles(cut), scratch + partial_doubles(cut) + cut.channels};
  cut.for_each_part(kCost, [&](const ChannelRows::Part& part) {
    kernels::batch_norm<T>().moments(x + part.element, part.rows, part.stride, part.cols, parts.first + part.slot,
                                     parts.second + part.slot);
  });
  finish_moments(cut, parts, total, mean, variance);
}

// Normalises everything; `vectors` as NormForward wants them.
template <class T>
void apply_norm(const ChannelRows& cut, const ChannelNorm<T>& norm, const T* x, const T* residual, T* y, T* vectors) {
  const NormForward<T> forward(cut, norm, vectors);
  cut.for_each_range(2 * kCost, [&](int64_t at, int64_t n) {
    forward.apply(x + at, residual == nullptr ? nullptr : residual + at, y + at, n);
  });
}

}  // namespace

BatchNorm::BatchNorm(double eps, Activation act) : epsilon(eps), activation(act) {
  check_norm_attributes(*this, epsilon, activation);
}

std::vector<TensorSpec> BatchNorm::outputs(const std::vector<TensorSpec>& inputs) const {
  check_inputs(*this, inputs, "gamma", "beta");
  check_norm_rows(*this, inputs[0]);
  return {inputs[0], inputs[1], inputs[1]};
}

size_t BatchNorm::workspace(const std::vector<TensorSpec>& inputs) const { return scratch_bytes(inputs[0], 3); }

void BatchNorm::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  const ChannelRows cut(inputs[0].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    const T* residual = inputs.size() == 4 ? inputs[3].as<T>() : nullptr;
    T *y = outputs[0].as<T>(), *mean = outputs[1].as<T>(), *variance = outputs[2].as<T>();
    double* scratch = static_cast<double*>(workspace);
    take_moments(cut, x, scratch, mean, variance);
    const ChannelNorm<T> norm{inputs[1].as<T>(), inputs[2].as<T>(), mean,
                              variance,          epsilon,           activation == Activation::relu};
    apply_norm(cut, norm, x, residual, y, reinterpret_cast<T*>(scratch + partial_doubles(cut) + 2 * cut.channels));
  });
}

std::vector<TensorSpec> BatchMoments::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& x = inputs[0];
  check_float(*this, x, "x");
  if (x.rank() < 1) fail(name(), "x has no channels", "rank 1 or more", "x.shape", x.shape, "");
  check_norm_rows(*this, x);
  const TensorSpec vector{x.dtype, {x.shape.back()}};
  return {vector, vector};
}

size_t BatchMoments::workspace(const std::vector<TensorSpec>& inputs) const { return scratch_bytes(inputs[0], 0); }

void BatchMoments::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    take_moments(ChannelRows(inputs[0].spec), static_cast<const T*>(inputs[0].as<T>()), static_cast<double*>(workspace),
                 outputs[0].as<T>(), outputs[1].as<T>());
  });
}

BatchNormApply::BatchNormApply(double eps, Activation act) : epsilon(eps), activation(act) {
  check_norm_attributes(*this, epsilon, activation);
}

std::vector<TensorSpec> BatchNormApply::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 5, 6);
  const TensorSpec& x = inputs[0];
  check_float(*this, x, "x");
  if (x.rank() < 1) fail(name(), "x has no channels", "rank 1 or more", "x.shape", x.shape, "");
  const char* const names[] = {"x", "gamma", "beta", "mean", "variance", "residual"};
  for (size_t i = 1; i < inputs.size(); ++i) {
    check_same_dtype(*this, x, "x", inputs[i], names[i]);
    check_shape(*this, inputs[i], names[i], i == 5 ? x.shape : Shape{x.shape.back()});
  }
  return {x};
}

size_t BatchNormApply::workspace(const std::vector<TensorSpec>& inputs) const {
  return static_cast<size_t>(3 * ChannelRows(inputs[0]).cols) * dtype_bytes(inputs[0].dtype);
}

void BatchNormApply::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  const ChannelRows cut(inputs[0].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const ChannelNorm<T> norm{inputs[1].as<T>(), inputs[2].as<T>(), inputs[3].as<T>(),
                              inputs[4].as<T>(), epsilon,           activation == Activation::relu};
    apply_norm(cut, norm, inputs[0].as<T>(), inputs.size() == 6 ? inputs[5].as<T>() : nullptr, outputs[0].as<T>(),
               static_cast<T*>(workspace));
  });
}

ScaleShift::ScaleShift(Activation act) : activation(act) { check_norm_attributes(*this, 0, activation); }

std::vector<TensorSpec> ScaleShift::outputs(const std::vector<TensorSpec>& inputs) const {
  check_inputs(*this, inputs, "scale", "shift");
  return {inputs[0]};
}

size_t ScaleShift::workspace(const std::vector<TensorSpec>& inputs) const {
  return static_cast<size_t>(3 * ChannelRows(inputs[0]).cols) * dtype_bytes(inputs[0].dtype);
}

void ScaleShift::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  const ChannelRows cut(inputs[0].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* residual = inputs.size() == 4 ? inputs[3].as<T>() : nullptr;
    T *center = static_cast<T*>(workspace), *scale = center + cut.cols, *shift = scale + cut.cols;
    cut.widen(center, [](int64_t) { return T{0}; });
    cut.widen(scale, [&](int64_t c) { return inputs[1].as<T>()[c]; });
    cut.widen(shift, [&](int64_t c) { return inputs[2].as<T>()[c]; });
    cut.for_each_range(2 * kCost, [&](int64_t at, int64_t n) {
      kernels::batch_norm<T>().apply(activation == Activation::relu, inputs[0].as<T>() + at,
                                     residual == nullptr ? nullptr : residual + at, center, scale, shift,
                                     outputs[0].as<T>() + at, n, cut.cols);
    });
  });
}

}  // namespace juanji
