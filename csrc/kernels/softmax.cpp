#include "kernels/softmax.hpp"

#include "kernels/softmax_block.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
void softmax_rows(const T* x, T* y, int64_t rows, int64_t classes) {
  RowSums<T> sums;
  for_blocks<T>(
      rows, [&](int64_t r, int64_t count) { softmax_block(x + r * classes, y + r * classes, count, classes, sums); });
}

template <class T>
void log_softmax_rows(const T* x, T* y, int64_t rows, int64_t classes) {
  RowSums<T> sums;
  for_blocks<T>(rows, [&](int64_t first, int64_t count) {
    softmax_block(x + first * classes, y + first * classes, count, classes, sums);
    T log_sum[kWidth<T>];
    store(log_sum, log(load(sums.sum)));
    for (int64_t r = 0; r < count; ++r) {
      const T* row = x + (first + r) * classes;
      T* out = y + (first + r) * classes;
      const T shift = sums.shift[r];
      const T offset = log_sum[r];
      // Subtracting in two steps keeps the small difference of large logits.
      for_vectors<T>(classes,
                     [=](int64_t i, auto lanes) { lanes.store(out + i, (lanes.load(row + i) - shift) - offset); });
    }
  });
}

template <class T>
void softmax_gradient(const T* y, const T* dy, T* dx, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, y += classes, dy += classes, dx += classes) {
    Vec<T> products = zero<T>();
    for_vectors<T>(classes, [&](int64_t i, auto lanes) { products += lanes.load(y + i) * lanes.load(dy + i); });
    const T dot = sum_lanes<T>(products);
    for_vectors<T>(classes,
                   [&](int64_t i, auto lanes) { lanes.store(dx + i, lanes.load(y + i) * (lanes.load(dy + i) - dot)); });
  }
}

template <class T>
void log_softmax_gradient(const T* y, const T* dy, T* dx, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, y += classes, dy += classes, dx += classes) {
    Vec<T> sums = zero<T>();
    for_vectors<T>(classes, [&](int64_t i, auto lanes) { sums += lanes.load(dy + i); });
    const T sum = sum_lanes<T>(sums);
    for_vectors<T>(classes, [&](int64_t i, auto lanes) {
      lanes.store(dx + i, lanes.load(dy + i) - exp(lanes.load(y + i)) * sum);
    });
  }
}

}  // namespace

template <class T>
SoftmaxTable<T> softmax() {
  return {&softmax_rows<T>, &log_softmax_rows<T>, &softmax_gradient<T>, &log_softmax_gradient<T>};
}

template SoftmaxTable<float> softmax<float>();
template SoftmaxTable<double> softmax<double>();

}  // namespace juanji::kernels::JUANJI_ISA
