#include "kernels/cross_entropy.hpp"

#include "kernels/softmax_block.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// -log p = log(sum) - (x - shift): with large logits the two differences keep what x - log(sum exp x) would lose.
template <class T>
void sparse(const T* x, const int64_t* labels, T* loss, T* p, int64_t rows, int64_t classes) {
  RowSums<T> sums;
  for_blocks<T>(rows, [&](int64_t first, int64_t count) {
    softmax_block(x + first * classes, p + first * classes, count, classes, sums);
    T log_sum[kWidth<T>];
    store(log_sum, log(load(sums.sum)));
    for (int64_t r = 0; r < count; ++r) {
      loss[first + r] = log_sum[r] - (x[(first + r) * classes + labels[first + r]] - sums.shift[r]);
    }
  });
}

template <class T>
void dense(const T* x, const T* labels, T* loss, T* p, int64_t rows, int64_t classes) {
  RowSums<T> sums;
  for_blocks<T>(rows, [&](int64_t first, int64_t count) {
    softmax_block(x + first * classes, p + first * classes, count, classes, sums);
    T log_sum[kWidth<T>];
    store(log_sum, log(load(sums.sum)));
    for (int64_t r = 0; r < count; ++r) {
      const T* row = x + (first + r) * classes;
      const T* weights = labels + (first + r) * classes;
      const T shift = sums.shift[r];
      const T offset = log_sum[r];
      Vec<T> total = zero<T>();
      for_vectors<T>(classes, [&](int64_t i, auto lanes) {
        const Vec<T> weight = lanes.load(weights + i);
        const Vec<T> minus_log_p = offset - (lanes.load(row + i) - shift);
        // 0 * infinity is not wanted, but a row with NaN must give NaN: offset is NaN then.
        total += weight == T{0} ? Vec<T>{} + (offset - offset) : weight * minus_log_p;
      });
      loss[first + r] = sum_lanes<T>(total);
    }
  });
}

template <class T>
void sparse_gradient(const T* p, const int64_t* labels, const T* dloss, T* dx, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, p += classes, dx += classes) {
    const T scale = dloss[r];
    for_vectors<T>(classes, [&](int64_t i, auto lanes) { lanes.store(dx + i, lanes.load(p + i) * scale); });
    dx[labels[r]] = (p[labels[r]] - T{1}) * scale;
  }
}

template <class T>
void dense_gradient(const T* p, const T* labels, const T* dloss, T* dx, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, p += classes, labels += classes, dx += classes) {
    Vec<T> sums = zero<T>();
    for_vectors<T>(classes, [&](int64_t i, auto lanes) { sums += lanes.load(labels + i); });
    const T sum = sum_lanes<T>(sums);
    const T scale = dloss[r];
    for_vectors<T>(classes, [&](int64_t i, auto lanes) {
      lanes.store(dx + i, (lanes.load(p + i) * sum - lanes.load(labels + i)) * scale);
    });
  }
}

}  // namespace

template <class T>
CrossEntropyTable<T> cross_entropy() {
  return {&sparse<T>, &dense<T>, &sparse_gradient<T>, &dense_gradient<T>};
}

template CrossEntropyTable<float> cross_entropy<float>();
template CrossEntropyTable<double> cross_entropy<double>();

}  // namespace juanji::kernels::JUANJI_ISA
