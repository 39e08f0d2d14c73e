#include "ops/depthwise_rows.hpp"

#include "kernels/depthwise.hpp"
#include "ops/depthwise_3x3.hpp"

namespace juanji {

size_t depthwise_packed_bytes(const DepthwisePlan& plan, DType dtype) {
  return depthwise_3x3::serves(plan) ? depthwise_3x3::packed_bytes(plan, dtype) : 0;
}

template <class T>
DepthwiseRows<T>::DepthwiseRows(const DepthwisePlan& plan, const T* x, const T* w, const T* b, Activation activation,
                                T* packed)
    : plan_(plan),
      x_(x),
      w_(w),
      b_(b),
      activation_(activation),
      packed_(packed) {
  if (depthwise_3x3::serves(plan)) {
    depthwise_3x3::pack(plan, w, packed);
  } else {
    bands_ = DepthwiseBands::forward(plan);
  }
}

template <class T>
void DepthwiseRows<T>::make_all(T* y) const {
  const WindowGeometry& g = plan_.g;
  const int64_t row_size = g.ow * plan_.c, row_work = g.ow * plan_.weights();
  if (bands_) {
    return bands_->for_each(
        [&](const DepthwisePart& part) { make_part(part, y + (part.image * g.oh + part.row) * row_size); });
  }
  for_depthwise_rows(plan_.n * g.oh, row_work, [&](int64_t row, bool last) {
    depthwise_3x3::forward_row(plan_, x_, packed_, b_, activation_, row, last, y + row * row_size);
  });
}

template <class T>
void DepthwiseRows<T>::make(int64_t image, int64_t row, int64_t count, T* y) const {
  if (bands_) return make_part({image, row, count, 0, plan_.g.ow, 0, plan_.c}, y);
  for (int64_t i = 0; i < count; ++i) {
    depthwise_3x3::forward_row(plan_, x_, packed_, b_, activation_, image * plan_.g.oh + row + i, i + 1 == count,
                               y + i * plan_.g.ow * plan_.c);
  }
}

template <class T>
void DepthwiseRows<T>::make_part(const DepthwisePart& part, T* y) const {
  kernels::DepthwiseBand<T> band{};
  band.x = x_ + part.image * plan_.x_image();
  band.w = w_;
  band.b = b_;
  band.y = y;
  band.activation = activation_;
  bands_->make(part, band);
}

template class DepthwiseRows<float>;
template class DepthwiseRows<double>;

}  // namespace juanji
