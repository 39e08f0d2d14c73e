#include "ops/cross_entropy.hpp"

#include "core/parallel.hpp"
#include "kernels/cross_entropy.hpp"
#include "ops/rows_of_classes.hpp"

namespace juanji {
namespace {

constexpr double kForwardCost = 1.8;  // nanoseconds an element: one exponential, and the loss
constexpr double kGradientCost = 0.5;

// body(first row, rows, classes) for ranges of the rows of x.
template <class Body>
void over_rows(const TensorSpec& x, double cost, Body body) {
  const int64_t classes = x.shape.back();
  parallel_ranges(x.size() / classes, row_grain(classes), cost * static_cast<double>(classes),
                  [&](int64_t begin, int64_t end) { body(begin, end - begin, classes); });
}

std::vector<TensorSpec> forward_outputs(const TensorSpec& x) { return {{x.dtype, shape_of_rows(x.shape)}, x}; }

void check_dloss(const Operation& op, const TensorSpec& p, const TensorSpec& dloss) {
  check_same_dtype(op, p, "softmax", dloss, "dloss");
  check_shape(op, dloss, "dloss", shape_of_rows(p.shape));
}

}  // namespace

std::vector<TensorSpec> SparseCrossEntropy::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_rows_of_classes(*this, inputs[0], "x");
  check_label_shape(*this, inputs[0], inputs[1]);
  return forward_outputs(inputs[0]);
}

void SparseCrossEntropy::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  check_label_values(name(), inputs[1], inputs[0].spec.shape.back());
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    over_rows(inputs[0].spec, kForwardCost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernels::cross_entropy<T>().sparse(inputs[0].as<T>() + r * classes, inputs[1].as<int64_t>() + r,
                                         outputs[0].as<T>() + r, outputs[1].as<T>() + r * classes, rows, classes);
    });
  });
}

std::vector<TensorSpec> SparseCrossEntropyGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 3, 3);
  check_rows_of_classes(*this, inputs[0], "softmax");
  check_label_shape(*this, inputs[0], inputs[1]);
  check_dloss(*this, inputs[0], inputs[2]);
  return {inputs[0]};
}

void SparseCrossEntropyGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                     void*) const {
  check_label_values(name(), inputs[1], inputs[0].spec.shape.back());
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    over_rows(inputs[0].spec, kGradientCost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernels::cross_entropy<T>().sparse_gradient(inputs[0].as<T>() + r * classes, inputs[1].as<int64_t>() + r,
                                                  inputs[2].as<T>() + r, outputs[0].as<T>() + r * classes, rows,
                                                  classes);
    });
  });
}

std::vector<TensorSpec> CrossEntropy::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_rows_of_classes(*this, inputs[0], "x");
  check_like(*this, inputs[0], "x", inputs[1], "labels");
  return forward_outputs(inputs[0]);
}

void CrossEntropy::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    over_rows(inputs[0].spec, kForwardCost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernels::cross_entropy<T>().dense(inputs[0].as<T>() + r * classes, inputs[1].as<T>() + r * classes,
                                        outputs[0].as<T>() + r, outputs[1].as<T>() + r * classes, rows, classes);
    });
  });
}

std::vector<TensorSpec> CrossEntropyGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 3, 3);
  check_rows_of_classes(*this, inputs[0], "softmax");
  check_like(*this, inputs[0], "softmax", inputs[1], "labels");
  check_dloss(*this, inputs[0], inputs[2]);
  return {inputs[0]};
}

void CrossEntropyGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    over_rows(inputs[0].spec, kGradientCost, [&](int64_t r, int64_t rows, int64_t classes) {
      kernels::cross_entropy<T>().dense_gradient(inputs[0].as<T>() + r * classes, inputs[1].as<T>() + r * classes,
                                                 inputs[2].as<T>() + r, outputs[0].as<T>() + r * classes, rows,
                                                 classes);
    });
  });
}

}  // namespace juanji
