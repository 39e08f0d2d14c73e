#include "ops/batch_norm.hpp"

#include <cmath>

#include "core/check.hpp"
#include "kernels/batch_norm.hpp"
#include "ops/channel_rows.hpp"
#include "ops/unary.hpp"

namespace juanji {
namespace {

constexpr double kCost = 0.3;  // nanoseconds an element and pass, bound by memory

void check_attributes(const Operation& op, double epsilon, Activation activation) {
  if (!(epsilon >= 0)) fail(op.name(), "epsilon is out of range", "a number of at least 0", "epsilon", epsilon, "");
  if (activation == Activation::none || activation == Activation::relu) return;
  fail(op.name(), "not an activation that can be fused", "'none' or 'relu'", "activation", activation_name(activation),
       "Apply it as an operation of its own.");
}

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

void check_rows(const Operation& op, const TensorSpec& x) {
  if (x.size() > 0 || x.shape.back() == 0) return;
  fail(op.name(), "there is nothing to take the mean of", "at least one row of channels", "x.shape", x.shape,
       "Leave out the empty batch.");
}

// Two arrays of doubles for partial results, two for totals, then `vectors` of T as wide as the columns.
template <class T>
struct Scratch {
  double *first, *second, *first_total, *second_total;
  T* wide;

  Scratch(const ChannelRows& cut, void* workspace) {
    first = static_cast<double*>(workspace);
    second = first + cut.partials();
    first_total = second + cut.partials();
    second_total = first_total + cut.channels;
    wide = reinterpret_cast<T*>(second_total + cut.channels);
  }
};

size_t scratch_bytes(const TensorSpec& x, int64_t vectors) {
  const ChannelRows cut(x);
  return static_cast<size_t>(2 * (cut.partials() + cut.channels)) * sizeof(double) +
         static_cast<size_t>(vectors * cut.cols) * dtype_bytes(x.dtype);
}

// Means and sums of squared differences of all parts into the totals, in a fixed order.
template <class T>
void merge_moments(const ChannelRows& cut, const Scratch<T>& scratch) {
  for (int64_t c = 0; c < cut.channels; ++c) scratch.first_total[c] = scratch.second_total[c] = 0;
  int64_t before = 0;
  cut.for_each_group([&](const ChannelRows::Group& group) {
    const double share = static_cast<double>(group.rows) / static_cast<double>(before + group.rows);
    const double weight = share * static_cast<double>(before);
    for (int64_t c = 0; c < cut.channels; ++c) {
      const double distance = scratch.first[group.slot + c] - scratch.first_total[c];
      scratch.second_total[c] += scratch.second[group.slot + c] + distance * distance * weight;
      scratch.first_total[c] += distance * share;
    }
    before += group.rows;
  });
}

template <class T>
void merge_sums(const ChannelRows& cut, const Scratch<T>& scratch) {
  for (int64_t c = 0; c < cut.channels; ++c) scratch.first_total[c] = scratch.second_total[c] = 0;
  cut.for_each_group([&](const ChannelRows::Group& group) {
    for (int64_t c = 0; c < cut.channels; ++c) {
      scratch.first_total[c] += scratch.first[group.slot + c];
      scratch.second_total[c] += scratch.second[group.slot + c];
    }
  });
}

double inverse_deviation(double variance, double epsilon) { return 1.0 / std::sqrt(variance + epsilon); }

}  // namespace

BatchNorm::BatchNorm(double eps, Activation act) : epsilon(eps), activation(act) {
  check_attributes(*this, epsilon, activation);
}

std::vector<TensorSpec> BatchNorm::outputs(const std::vector<TensorSpec>& inputs) const {
  check_inputs(*this, inputs, "gamma", "beta");
  check_rows(*this, inputs[0]);
  return {inputs[0], inputs[1], inputs[1]};
}

size_t BatchNorm::workspace(const std::vector<TensorSpec>& inputs) const { return scratch_bytes(inputs[0], 3); }

void BatchNorm::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  const ChannelRows cut(inputs[0].spec);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::BatchNormTable<T>& table = kernels::batch_norm<T>();
    const T* x = inputs[0].as<T>();
    const T* residual = inputs.size() == 4 ? inputs[3].as<T>() : nullptr;
    T *y = outputs[0].as<T>(), *mean = outputs[1].as<T>(), *variance = outputs[2].as<T>();
    const Scratch<T> scratch(cut, workspace);
    cut.for_each_part(kCost, [&](const ChannelRows::Part& part) {
      table.moments(x + part.element, part.rows, part.stride, part.cols, scratch.first + part.slot,
                    scratch.second + part.slot);
    });
    merge_moments(cut, scratch);
    for (int64_t c = 0; c < cut.channels; ++c) {
      mean[c] = static_cast<T>(scratch.first_total[c]);
      variance[c] = static_cast<T>(scratch.second_total[c] / static_cast<double>(cut.rows));
    }
    T *center = scratch.wide, *scale = center + cut.cols, *shift = scale + cut.cols;
    cut.widen(center, [&](int64_t c) { return mean[c]; });
    cut.widen(scale, [&](int64_t c) {
      return static_cast<T>(inverse_deviation(variance[c], epsilon) * inputs[1].as<T>()[c]);
    });
    cut.widen(shift, [&](int64_t c) { return inputs[2].as<T>()[c]; });
    cut.for_each_range(2 * kCost, [&](int64_t at, int64_t n) {
      table.apply(activation == Activation::relu, x + at, residual == nullptr ? nullptr : residual + at, center, scale,
                  shift, y + at, n, cut.cols);
    });
  });
}

BatchNormGradient::BatchNormGradient(double eps, Activation act, bool with_residual, bool mask_from_input)
    : epsilon(eps),
      activation(act),
      residual(with_residual),
      from_input(mask_from_input) {
  check_attributes(*this, epsilon, activation);
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
  check_rows(*this, x);
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

size_t BatchNormGradient::workspace(const std::vector<TensorSpec>& inputs) const { return scratch_bytes(inputs[1], 6); }

void BatchNormGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                            void* workspace) const {
  const ChannelRows cut(inputs[1].spec);
  const size_t vectors = inputs.size() - 3;
  dispatch_float(inputs[1].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::BatchNormTable<T>& table = kernels::batch_norm<T>();
    const T *dy = inputs[0].as<T>(), *x = inputs[1].as<T>();
    const T* third = activation == Activation::relu ? inputs[2].as<T>() : nullptr;  // y or beta
    const T *gamma = inputs[vectors].as<T>(), *mean = inputs[vectors + 1].as<T>();
    const T* variance = inputs[vectors + 2].as<T>();
    T *dx = outputs[0].as<T>(), *dgamma = outputs[1].as<T>(), *dbeta = outputs[2].as<T>();
    T* dz = residual ? outputs[3].as<T>() : nullptr;
    const auto at_or_null = [](auto* p, int64_t at) { return p == nullptr ? p : p + at; };
    const auto slope = [&](int64_t c) { return inverse_deviation(variance[c], epsilon) * gamma[c]; };

    const Scratch<T> scratch(cut, workspace);
    T *center = scratch.wide, *a = center + cut.cols, *b = a + cut.cols, *d = b + cut.cols;
    T *scale = d + cut.cols, *shift = scale + cut.cols;
    cut.widen(center, [&](int64_t c) { return mean[c]; });
    if (third != nullptr && from_input) {
      cut.widen(scale, [&](int64_t c) { return static_cast<T>(slope(c)); });
      cut.widen(shift, [&](int64_t c) { return third[c]; });
    }
    const auto mask_at = [&](int64_t at, int64_t col) -> kernels::BatchNormMask<T> {
      if (third == nullptr) return {};
      if (from_input) return {nullptr, scale + col, shift + col};
      return {third + at, nullptr, nullptr};
    };
    cut.for_each_part(2 * kCost, [&](const ChannelRows::Part& part) {
      const int64_t col = part.slot % cut.cols;
      table.gradient_sums(dy + part.element, x + part.element, center + col, mask_at(part.element, col),
                          at_or_null(dz, part.element), part.rows, part.stride, part.cols, scratch.first + part.slot,
                          scratch.second + part.slot);
    });
    merge_sums(cut, scratch);
    // With s = 1 / sqrt(variance + epsilon) and n rows: dx = gamma s (dz - Σ dz / n - (x - mean) s² Σ dz (x - mean) /
    // n)
    const double n = static_cast<double>(cut.rows);
    for (int64_t c = 0; c < cut.channels; ++c) {
      dgamma[c] = static_cast<T>(scratch.second_total[c] * inverse_deviation(variance[c], epsilon));
      dbeta[c] = static_cast<T>(scratch.first_total[c]);
    }
    cut.widen(a, [&](int64_t c) { return static_cast<T>(slope(c)); });
    cut.widen(b, [&](int64_t c) {
      return static_cast<T>(-slope(c) * scratch.second_total[c] / (n * (variance[c] + epsilon)));
    });
    cut.widen(d, [&](int64_t c) { return static_cast<T>(-slope(c) * scratch.first_total[c] / n); });
    cut.for_each_range(3 * kCost, [&](int64_t at, int64_t count) {
      table.gradient((residual ? dz : dy) + at, x + at, center, residual ? kernels::BatchNormMask<T>{} : mask_at(at, 0),
                     a, b, d, dx + at, count, cut.cols);
    });
  });
}

ScaleShift::ScaleShift(Activation act) : activation(act) { check_attributes(*this, 0, activation); }

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
