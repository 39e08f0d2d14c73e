#include "ops/losses.hpp"

#include "core/parallel.hpp"
#include "kernels/losses.hpp"
#include "ops/rows_of_classes.hpp"

namespace juanji {
namespace {

constexpr double kLogCost = 2.0;         // nanoseconds an element with a logarithm or a division
constexpr double kArithmeticCost = 0.4;  // without
constexpr int64_t kGrain = 8192;

// body(first row, rows, classes) for ranges of the rows of x.
template <class Body>
void over_rows(const TensorSpec& x, double cost, Body body) {
  const int64_t classes = x.shape.back();
  parallel_ranges(x.size() / classes, row_grain(classes), cost * static_cast<double>(classes),
                  [&](int64_t begin, int64_t end) { body(begin, end - begin, classes); });
}

void check_dloss(const Operation& op, const TensorSpec& x, const TensorSpec& dloss, const Shape& expected) {
  check_same_dtype(op, x, "the output", dloss, "dloss");
  check_shape(op, dloss, "dloss", expected);
}

// (p, y) -> loss per row; with `gradient` (p, y, dloss) -> dp.
std::vector<TensorSpec> dense_outputs(const Operation& op, const std::vector<TensorSpec>& inputs, bool gradient) {
  check_input_count(op, inputs, gradient ? 3 : 2, gradient ? 3 : 2);
  check_rows_of_classes(op, inputs[0], "output");
  check_like(op, inputs[0], "output", inputs[1], "target");
  const Shape rows = shape_of_rows(inputs[0].shape);
  if (!gradient) return {{inputs[0].dtype, rows}};
  check_dloss(op, inputs[0], inputs[2], rows);
  return {inputs[0]};
}

std::vector<TensorSpec> sparse_outputs(const Operation& op, const std::vector<TensorSpec>& inputs, bool gradient) {
  check_input_count(op, inputs, gradient ? 3 : 2, gradient ? 3 : 2);
  check_rows_of_classes(op, inputs[0], "output");
  check_label_shape(op, inputs[0], inputs[1]);
  const Shape rows = shape_of_rows(inputs[0].shape);
  if (!gradient) return {{inputs[0].dtype, rows}};
  check_dloss(op, inputs[0], inputs[2], rows);
  return {inputs[0]};
}

std::vector<TensorSpec> binary_outputs(const Operation& op, const std::vector<TensorSpec>& inputs, bool gradient) {
  check_input_count(op, inputs, gradient ? 3 : 2, gradient ? 3 : 2);
  check_float(op, inputs[0], "output");
  check_like(op, inputs[0], "output", inputs[1], "target");
  if (gradient) check_dloss(op, inputs[0], inputs[2], inputs[0].shape);
  return {inputs[0]};
}

// Runs a kernel (x, y, loss, rows, classes) over rows; `member` picks it out of the table.
template <class Member>
void run_dense(const std::vector<Tensor>& in, const std::vector<Tensor>& out, double cost, Member member) {
  dispatch_float(in[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto kernel = member(kernels::losses<T>());
    over_rows(in[0].spec, cost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernel(in[0].as<T>() + r * classes, in[1].as<T>() + r * classes, out[0].as<T>() + r, rows, classes);
    });
  });
}

// Runs a kernel (x, y, dloss, dx, rows, classes) over rows.
template <class Member>
void run_dense_gradient(const std::vector<Tensor>& in, const std::vector<Tensor>& out, double cost, Member member) {
  dispatch_float(in[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto kernel = member(kernels::losses<T>());
    over_rows(in[0].spec, cost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernel(in[0].as<T>() + r * classes, in[1].as<T>() + r * classes, in[2].as<T>() + r, out[0].as<T>() + r * classes,
             rows, classes);
    });
  });
}

}  // namespace

std::vector<TensorSpec> ProbabilityCrossEntropy::outputs(const std::vector<TensorSpec>& inputs) const {
  return dense_outputs(*this, inputs, false);
}

void ProbabilityCrossEntropy::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  run_dense(inputs, outputs, kLogCost, [](const auto& table) { return table.probabilities; });
}

std::vector<TensorSpec> ProbabilityCrossEntropyGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return dense_outputs(*this, inputs, true);
}

void ProbabilityCrossEntropyGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                          void*) const {
  run_dense_gradient(inputs, outputs, kLogCost, [](const auto& table) { return table.probabilities_gradient; });
}

std::vector<TensorSpec> SparseProbabilityCrossEntropy::outputs(const std::vector<TensorSpec>& inputs) const {
  return sparse_outputs(*this, inputs, false);
}

void SparseProbabilityCrossEntropy::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                        void*) const {
  check_label_values(name(), inputs[1], inputs[0].spec.shape.back());
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    over_rows(inputs[0].spec, kArithmeticCost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernels::losses<T>().sparse(inputs[0].as<T>() + r * classes, inputs[1].as<int64_t>() + r, outputs[0].as<T>() + r,
                                  rows, classes);
    });
  });
}

std::vector<TensorSpec> SparseProbabilityCrossEntropyGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return sparse_outputs(*this, inputs, true);
}

void SparseProbabilityCrossEntropyGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                                void*) const {
  check_label_values(name(), inputs[1], inputs[0].spec.shape.back());
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    over_rows(inputs[0].spec, kArithmeticCost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernels::losses<T>().sparse_gradient(inputs[0].as<T>() + r * classes, inputs[1].as<int64_t>() + r,
                                           inputs[2].as<T>() + r, outputs[0].as<T>() + r * classes, rows, classes);
    });
  });
}

std::vector<TensorSpec> BinaryCrossEntropy::outputs(const std::vector<TensorSpec>& inputs) const {
  return binary_outputs(*this, inputs, false);
}

void BinaryCrossEntropy::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto& table = kernels::losses<T>();
    const auto kernel = from_logits ? table.binary_logits : table.binary;
    parallel_ranges(inputs[0].size(), kGrain, 2 * kLogCost, [&](int64_t begin, int64_t end) {
      kernel(inputs[0].as<T>() + begin, inputs[1].as<T>() + begin, outputs[0].as<T>() + begin, end - begin);
    });
  });
}

std::vector<TensorSpec> BinaryCrossEntropyGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return binary_outputs(*this, inputs, true);
}

void BinaryCrossEntropyGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                     void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto& table = kernels::losses<T>();
    const auto kernel = from_logits ? table.binary_logits_gradient : table.binary_gradient;
    parallel_ranges(inputs[0].size(), kGrain, kLogCost, [&](int64_t begin, int64_t end) {
      kernel(inputs[0].as<T>() + begin, inputs[1].as<T>() + begin, inputs[2].as<T>() + begin,
             outputs[0].as<T>() + begin, end - begin);
    });
  });
}

std::vector<TensorSpec> MeanSquaredError::outputs(const std::vector<TensorSpec>& inputs) const {
  return dense_outputs(*this, inputs, false);
}

void MeanSquaredError::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  run_dense(inputs, outputs, kArithmeticCost, [](const auto& table) { return table.squared_error; });
}

std::vector<TensorSpec> MeanSquaredErrorGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return dense_outputs(*this, inputs, true);
}

void MeanSquaredErrorGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  run_dense_gradient(inputs, outputs, kArithmeticCost, [](const auto& table) { return table.squared_error_gradient; });
}

}  // namespace juanji
