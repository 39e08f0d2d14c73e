#include "core/check.hpp"
#include "ops/batch_norm.hpp"
#include "ops/batch_norm_parts.hpp"

namespace juanji {
namespace {

constexpr double kCost = 0.3;  // nanoseconds an element and pass, bound by memory

// Sums Σ dz and Σ dz (x - mean) of all parts. `mask` gives the mask at an element and column; dz is written unless
// null.
template <class T, class Mask>
void take_sums(const ChannelRows& cut, const T* dy, const T* x, const NormForward<T>& forward, Mask mask, T* dz,
               const ChannelPartials& parts, ChannelSums total) {
  cut.for_each_part(2 * kCost, [&](const ChannelRows::Part& part) {
    const int64_t col = part.slot % cut.cols;
    kernels::batch_norm<T>().gradient_sums(dy + part.element, x + part.element, forward.center(col),
                                           mask(part.element, col), dz == nullptr ? nullptr : dz + part.element,
                                           part.rows, part.stride, part.cols, parts.first + part.slot,
                                           parts.second + part.slot);
  });
  merge_sums(cut, parts, total);
}

// x-like images and vectors of channels: dy, x, gamma, beta, mean, variance[, sums].
void check_split_inputs(const Operation& op, const std::vector<TensorSpec>& inputs, bool sums) {
  const size_t count = sums ? 7 : 6;
  check_input_count(op, inputs, count, count);
  const TensorSpec& x = inputs[1];
  check_float(op, x, "x");
  if (x.rank() < 1) fail(op.name(), "x has no channels", "rank 1 or more", "x.shape", x.shape, "");
  check_norm_rows(op, x);
  const char* const names[] = {"dy", "x", "gamma", "beta", "mean", "variance"};
  for (size_t i = 0; i < 6; ++i) {
    check_same_dtype(op, x, "x", inputs[i], names[i]);
    check_shape(op, inputs[i], names[i], i < 2 ? x.shape : Shape{x.shape.back()});
  }
  if (sums) check_norm_sums(op, inputs[6], "sums", x.shape.back());
}

template <class T>
ChannelNorm<T> split_norm(const std::vector<Tensor>& inputs, double epsilon, Activation activation) {
  return {inputs[2].as<T>(), inputs[3].as<T>(), inputs[4].as<T>(),
          inputs[5].as<T>(), epsilon,           activation == Activation::relu};
}

}  // namespace

BatchNormGradient::BatchNormGradient(double eps, Activation act, bool with_residual, bool mask_from_input)
    : epsilon(eps),
      activation(act),
      residual(with_residual),
      from_input(mask_from_input) {
  check_norm_attributes(*this, epsilon, activation);
  if (!residual || activation == Activation::relu) return;
  fail(name(), "without an activation the residual's gradient is dy", "activation='relu'", "residual", residual,
       "Pass residual=False and use dy.");
}

std::vector<TensorSpec> BatchNormGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  const bool masked = activation == Activation::relu;
  const size_t count = masked ? 6 : 5;
  check_input_count(*this, inputs, count, count);
  const TensorSpec& x = inputs[1];
  check_float(*this, x, "x");
  if (x.rank() < 1) fail(name(), "x has no channels", "rank 1 or more", "x.shape", x.shape, "");
  check_norm_rows(*this, x);
  const char* const all_names[] = {"dy", "x", from_input ? "beta" : "y", "gamma", "mean", "variance"};
  const size_t vectors = count - 3;  // the first of gamma, mean and variance
  const size_t images = masked && !from_input ? 3 : 2;
  for (size_t i = 0; i < count; ++i) {
    const char* const input_name = all_names[i < vectors ? i : i + 6 - count];
    check_same_dtype(*this, x, "x", inputs[i], input_name);
    check_shape(*this, inputs[i], input_name, i < images ? x.shape : Shape{x.shape.back()});
  }
  const TensorSpec& gamma = inputs[vectors];
  if (residual) return {x, gamma, gamma, x};
  return {x, gamma, gamma};
}

size_t BatchNormGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const ChannelRows cut(inputs[1]);
  return static_cast<size_t>(partial_doubles(cut) + 2 * cut.channels) * sizeof(double) +
         static_cast<size_t>(6 * cut.cols) * dtype_bytes(inputs[1].dtype);
}

void BatchNormGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                            void* workspace) const {
  const ChannelRows cut(inputs[1].spec);
  const size_t vectors = inputs.size() - 3;
  dispatch_float(inputs[1].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *dy = inputs[0].as<T>(), *x = inputs[1].as<T>();
    const T* third = activation == Activation::relu ? inputs[2].as<T>() : nullptr;  // y or beta
    T *dx = outputs[0].as<T>(), *dz = residual ? outputs[3].as<T>() : nullptr;
    const ChannelNorm<T> norm{inputs[vectors].as<T>(),
                              from_input ? third : nullptr,
                              inputs[vectors + 1].as<T>(),
                              inputs[vectors + 2].as<T>(),
                              epsilon,
                              from_input && third != nullptr};

    double* scratch = static_cast<double*>(workspace);
    const ChannelPartials parts(cut, scratch);
    const ChannelSums total{scratch + partial_doubles(cut), scratch + partial_doubles(cut) + cut.channels};
    T* wide = reinterpret_cast<T*>(total.second + cut.channels);
    const NormForward<T> forward(cut, norm, wide);
    const auto mask_at = [&](int64_t at, int64_t col) -> kernels::BatchNormMask<T> {
      if (third == nullptr || from_input) return forward.mask(col);
      return {third + at, nullptr, nullptr};
    };
    take_sums(cut, dy, x, forward, mask_at, dz, parts, total);
    vector_gradients(cut.channels, norm, total, outputs[1].as<T>(), outputs[2].as<T>());
    const NormBackward<T> backward(cut, norm, forward, total, wide + 3 * cut.cols);
    cut.for_each_range(3 * kCost, [&](int64_t at, int64_t count) {
      const auto mask = residual ? kernels::BatchNormMask<T>{} : mask_at(at, 0);
      backward.apply((residual ? dz : dy) + at, x + at, mask, dx + at, count);
    });
  });
}

BatchNormGradientSums::BatchNormGradientSums(double eps, Activation act) : epsilon(eps), activation(act) {
  check_norm_attributes(*this, epsilon, activation);
}

std::vector<TensorSpec> BatchNormGradientSums::outputs(const std::vector<TensorSpec>& inputs) const {
  check_split_inputs(*this, inputs, false);
  return {inputs[2], inputs[2], {DType::float64, {2, inputs[2].shape[0]}}};
}

size_t BatchNormGradientSums::workspace(const std::vector<TensorSpec>& inputs) const {
  const ChannelRows cut(inputs[1]);
  return static_cast<size_t>(partial_doubles(cut)) * sizeof(double) +
         static_cast<size_t>(3 * cut.cols) * dtype_bytes(inputs[1].dtype);
}

void BatchNormGradientSums::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                void* workspace) const {
  const ChannelRows cut(inputs[1].spec);
  dispatch_float(inputs[1].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const ChannelNorm<T> norm = split_norm<T>(inputs, epsilon, activation);
    const ChannelPartials parts(cut, static_cast<double*>(workspace));
    const ChannelSums total{outputs[2].as<double>(), outputs[2].as<double>() + cut.channels};
    const NormForward<T> forward(cut, norm, reinterpret_cast<T*>(parts.first + partial_doubles(cut)));
    const auto mask_at = [&](int64_t, int64_t col) { return forward.mask(col); };
    take_sums<T>(cut, inputs[0].as<T>(), inputs[1].as<T>(), forward, mask_at, nullptr, parts, total);
    vector_gradients(cut.channels, norm, total, outputs[0].as<T>(), outputs[1].as<T>());
  });
}

BatchNormGradientApply::BatchNormGradientApply(double eps, Activation act) : epsilon(eps), activation(act) {
  check_norm_attributes(*this, epsilon, activation);
}

std::vector<TensorSpec> BatchNormGradientApply::outputs(const std::vector<TensorSpec>& inputs) const {
  check_split_inputs(*this, inputs, true);
  return {inputs[1]};
}

size_t BatchNormGradientApply::workspace(const std::vector<TensorSpec>& inputs) const {
  return static_cast<size_t>(6 * ChannelRows(inputs[1]).cols) * dtype_bytes(inputs[1].dtype);
}

void BatchNormGradientApply::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                 void* workspace) const {
  const ChannelRows cut(inputs[1].spec);
  dispatch_float(inputs[1].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const ChannelNorm<T> norm = split_norm<T>(inputs, epsilon, activation);
    T* wide = static_cast<T*>(workspace);
    const NormForward<T> forward(cut, norm, wide);
    const ChannelSums sums{inputs[6].as<double>(), inputs[6].as<double>() + cut.channels};
    const NormBackward<T> backward(cut, norm, forward, sums, wide + 3 * cut.cols);
    const T *dy = inputs[0].as<T>(), *x = inputs[1].as<T>();
    T* dx = outputs[0].as<T>();
    cut.for_each_range(3 * kCost, [&](int64_t at, int64_t n) { backward.apply(dy + at, x + at, dx + at, n); });
  });
}

}  // namespace juanji
