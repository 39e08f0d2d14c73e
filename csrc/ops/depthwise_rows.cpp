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
      packed_(packed),
      small_(depthwise_3x3::serves(plan)) {
  if (small_) depthwise_3x3::pack(plan, w, packed);
}

template <class T>
void DepthwiseRows<T>::make(int64_t row, bool last, T* y) const {
  if (small_) return depthwise_3x3::forward_row(plan_, x_, packed_, b_, activation_, row, last, y);
  make_line(row, y);
}

// Any kernel: a line of outputs at a time.
template <class T>
void DepthwiseRows<T>::make_line(int64_t row, T* y) const {
  const WindowGeometry& g = plan_.g;
  Taps taps = forward_taps(row % g.oh, g.kh, g.sh, g.dh, g.top);
  taps.keep_inside(g.h);
  kernels::DepthwiseLine<T> line{};
  line.x = x_ + row / g.oh * plan_.x_image() + taps.source * g.w * plan_.c;
  line.x_row_step = taps.source_step * g.w * plan_.c;
  line.w = w_ + taps.first * g.kw * plan_.c;
  line.w_row_step = g.kw * plan_.c;
  line.w_tap_step = plan_.c;
  line.b = b_;
  line.y = y;
  line.rows = taps.count;
  line.taps = g.kw;
  line.width = g.w;
  line.base = -g.left;
  line.step = g.sw;
  line.tap_step = g.dw;
  line.count = g.ow;
  line.y_step = 1;
  line.c = plan_.c;
  line.activation = activation_;
  kernels::depthwise<T>().line(line);
}

template class DepthwiseRows<float>;
template class DepthwiseRows<double>;

}  // namespace juanji
