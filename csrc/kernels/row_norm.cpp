#include "kernels/row_norm.hpp"

#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

constexpr int kChains = 4;        // independent sums, as an addition has some cycles of latency
constexpr int64_t kBlock = 4096;  // elements whose sum is kept in the vector type; blocks are added in double

// Sum of term(i, lanes) over all vectors of n elements; term gives 0 in lanes that are not there.
template <class T, class Term>
JUANJI_INLINE double sum_of(int64_t n, Term term) {
  double total = 0;
  constexpr int64_t W = kWidth<T>;
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t end = n - first < kBlock ? n : first + kBlock;
    Vec<T> sums[kChains] = {zero<T>(), zero<T>(), zero<T>(), zero<T>()};
    int64_t i = first;
    for (; i + kChains * W <= end; i += kChains * W) {
      for (int k = 0; k < kChains; ++k) sums[k] += term(i + k * W, AllLanes<T>{});
    }
    for (; i + W <= end; i += W) sums[0] += term(i, AllLanes<T>{});
    if (i < end) sums[1] += term(i, FirstLanes<T>{end - i});
    total += static_cast<double>(sum_lanes<T>((sums[0] + sums[1]) + (sums[2] + sums[3])));
  }
  return total;
}

// Rows whose sums are made before any of them is used, so that no row waits for the root of another; they stay in the
// first-level cache.
constexpr int64_t kRows = 8;
JUANJI_INLINE int64_t rows_at_once(int64_t n) { return n <= 256 ? kRows : n <= 2048 ? 2 : 1; }

template <class T>
JUANJI_INLINE void forward_rows(const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse, int64_t rows,
                                int64_t n, double epsilon, bool centered) {
  const double share = 1.0 / static_cast<double>(n);
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * n;
    mean[r] =
        centered ? static_cast<T>(share * sum_of<T>(n, [=](int64_t i, auto lanes) { return lanes.load(row + i); })) : 0;
  }
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * n;
    const T center = mean[r];
    const double squares = sum_of<T>(n, [=](int64_t i, auto lanes) {
      const Vec<T> d = filled(lanes.load(row + i) - center, T{0}, lanes);
      return d * d;
    });
    inverse[r] = static_cast<T>(1.0 / __builtin_sqrt(squares * share + epsilon));
  }
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * n;
    T* out = y + r * n;
    const T center = mean[r], scale = inverse[r];
    for_vectors<T>(n, [=](int64_t i, auto lanes) {
      lanes.store(out + i, (lanes.load(row + i) - center) * scale * lanes.load(gamma + i) + lanes.load(beta + i));
    });
  }
}

template <class T>
void forward(const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse, int64_t rows, int64_t n,
             double epsilon, bool centered) {
  const int64_t step = rows_at_once(n);
  for (int64_t r = 0; r < rows; r += step) {
    forward_rows(x + r * n, gamma, beta, y + r * n, mean + r, inverse + r, rows - r < step ? rows - r : step, n,
                 epsilon, centered);
  }
}

template <class T>
JUANJI_INLINE void gradient_rows(const T* dy, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx,
                                 T* dgamma, T* dbeta, int64_t rows, int64_t n, bool centered) {
  const double share = 1.0 / static_cast<double>(n);
  T level[kRows], slope[kRows];
  for (int64_t r = 0; r < rows; ++r) {
    const T *arriving = dy + r * n, *row = x + r * n;
    const T center = mean[r], scale = inverse[r];
    level[r] = 0;
    if (centered) {
      level[r] = static_cast<T>(share * sum_of<T>(n, [=](int64_t i, auto lanes) {
                                  return lanes.load(arriving + i) * lanes.load(gamma + i);
                                }));
    }
    slope[r] = static_cast<T>(share * sum_of<T>(n, [=](int64_t i, auto lanes) {
                                return lanes.load(arriving + i) * lanes.load(gamma + i) *
                                       ((lanes.load(row + i) - center) * scale);
                              }));
  }
  for (int64_t r = 0; r < rows; ++r) {
    const T *arriving = dy + r * n, *row = x + r * n;
    T* out = dx + r * n;
    const T center = mean[r], scale = inverse[r], shift = level[r], tilt = slope[r];
    for_vectors<T>(n, [=](int64_t i, auto lanes) {
      const Vec<T> d = lanes.load(arriving + i);
      const Vec<T> u = (lanes.load(row + i) - center) * scale;
      lanes.store(out + i, (d * lanes.load(gamma + i) - shift - u * tilt) * scale);
      lanes.store(dgamma + i, lanes.load(dgamma + i) + d * u);
      lanes.store(dbeta + i, lanes.load(dbeta + i) + d);
    });
  }
}

template <class T>
void gradient(const T* dy, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx, T* dgamma, T* dbeta,
              int64_t rows, int64_t n, bool centered) {
  const int64_t step = rows_at_once(n);
  for (int64_t r = 0; r < rows; r += step) {
    gradient_rows(dy + r * n, x + r * n, gamma, mean + r, inverse + r, dx + r * n, dgamma, dbeta,
                  rows - r < step ? rows - r : step, n, centered);
  }
}

}  // namespace

template <class T>
RowNormTable<T> row_norm() {
  return {&forward<T>, &gradient<T>};
}

template RowNormTable<float> row_norm<float>();
template RowNormTable<double> row_norm<double>();

}  // namespace juanji::kernels::JUANJI_ISA
