#include "ops/conv2d_moments.hpp"

#include "core/check.hpp"
#include "ops/conv2d_forward.hpp"

namespace juanji {

template <class T>
MomentsOnTheWay<T>::MomentsOnTheWay(const Tensor& y, void* memory)
    : y_(y.as<T>()),
      cut_(y.spec),
      parts_(cut_, static_cast<double*>(memory)),
      missing_(static_cast<size_t>(cut_.row_tasks)) {
  for (int64_t i = 0; i < cut_.row_tasks; ++i) {
    const ChannelRows::Part part = cut_.part(i);
    missing_[static_cast<size_t>(i)].store(part.rows * part.cols, std::memory_order_relaxed);
  }
}

template <class T>
size_t MomentsOnTheWay<T>::bytes(const TensorSpec& y) {
  const ChannelRows cut(y);
  return static_cast<size_t>(partial_doubles(cut) + 2 * cut.channels) * sizeof(double);
}

template <class T>
void MomentsOnTheWay<T>::finished(int64_t image, int64_t elements) {
  const int64_t i = image / cut_.images;
  // Whoever comes last sees what the others have written before they came.
  if (missing_[static_cast<size_t>(i)].fetch_sub(elements, std::memory_order_acq_rel) != elements) return;
  const ChannelRows::Part part = cut_.part(i);
  kernels::batch_norm<T>().moments(y_ + part.element, part.rows, part.stride, part.cols, parts_.first + part.slot,
                                   parts_.second + part.slot);
}

template <class T>
void MomentsOnTheWay<T>::take(T* mean, T* variance) const {
  double* totals = parts_.first + partial_doubles(cut_);
  finish_moments(cut_, parts_, {totals, totals + cut_.channels}, mean, variance);
}

std::vector<TensorSpec> Conv2DMoments::outputs(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec y = conv.outputs(inputs)[0];
  if (!fits(y)) {
    fail(name(), "cannot take statistics image by image", "16 or more images whose pixels fill vectors", "its output",
         y.shape, "Use conv2d and batch_norm.");
  }
  const TensorSpec vector{y.dtype, {y.shape.back()}};
  return {y, vector, vector};
}

size_t Conv2DMoments::workspace(const std::vector<TensorSpec>& inputs) const {
  return MomentsOnTheWay<float>::bytes(conv.outputs(inputs)[0]);
}

bool Conv2DMoments::saves_multiplications(const std::vector<TensorSpec>& inputs) const {
  return conv.saves_multiplications(inputs);
}

void Conv2DMoments::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    MomentsOnTheWay<T> moments(outputs[0], workspace);
    const auto tell = [&](int64_t image, int64_t elements) { moments.finished(image, elements); };
    const FunctionRef<void(int64_t, int64_t)> finished(tell);
    run_forward(conv, inputs, {outputs[0], false, nullptr, &finished});
    moments.take(outputs[1].as<T>(), outputs[2].as<T>());
  });
}

template class MomentsOnTheWay<float>;
template class MomentsOnTheWay<double>;

}  // namespace juanji
