#include "kernels/losses.hpp"

#include "simd/lanes.hpp"
#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
constexpr T kLow = static_cast<T>(kClip);
template <class T>
constexpr T kHigh = static_cast<T>(1 - kClip);

// NaN stays.
template <class T>
JUANJI_INLINE Vec<T> clip(Vec<T> p) {
  return min(broadcast(kHigh<T>), max(broadcast(kLow<T>), p));
}

// g where clipping leaves p alone (or p is NaN), else 0.
template <class T>
JUANJI_INLINE Vec<T> unless_clipped(Vec<T> p, Vec<T> g) {
  return (p < kLow<T>) | (p > kHigh<T>) ? zero<T>() : g;
}

// The sum of term(i, lanes) over n elements; terms of lanes that do not exist are ignored.
template <class T, class F>
JUANJI_INLINE T sum_over(int64_t n, F term) {
  Vec<T> total = zero<T>();
  for_vectors<T>(n, [&](int64_t i, auto lanes) { total += filled(term(i, lanes), T{0}, lanes); });
  return sum_lanes<T>(total);
}

template <class T>
void probabilities(const T* p, const T* y, T* loss, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, p += classes, y += classes) {
    const T sum = sum_over<T>(classes, [&](int64_t i, auto lanes) { return lanes.load(p + i); });
    loss[r] = -sum_over<T>(classes, [&](int64_t i, auto lanes) {
      const Vec<T> weight = lanes.load(y + i);
      const Vec<T> q = lanes.load(p + i) / sum;
      return weight == T{0} ? q - q : weight * log(clip<T>(q));  // q - q: 0, or NaN
    });
  }
}

template <class T>
void probabilities_gradient(const T* p, const T* y, const T* dloss, T* dp, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, p += classes, y += classes, dp += classes) {
    const T sum = sum_over<T>(classes, [&](int64_t i, auto lanes) { return lanes.load(p + i); });
    const T dot = sum_over<T>(classes, [&](int64_t i, auto lanes) {
      const Vec<T> q = lanes.load(p + i) / sum;
      const Vec<T> dq = unless_clipped<T>(q, -lanes.load(y + i) / q);
      lanes.store(dp + i, dq);
      return dq * q;
    });
    const T scale = dloss[r] / sum;
    for_vectors<T>(classes, [&](int64_t i, auto lanes) { lanes.store(dp + i, (lanes.load(dp + i) - dot) * scale); });
  }
}

template <class T>
T clipped_sum(const T* p, int64_t classes) {
  return sum_over<T>(classes, [&](int64_t i, auto lanes) { return clip<T>(lanes.load(p + i)); });
}

template <class T>
void sparse(const T* p, const int64_t* labels, T* loss, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, p += classes) {
    const Vec<T> total = log(broadcast(clipped_sum(p, classes)));
    loss[r] = (total - log(clip<T>(broadcast(p[labels[r]]))))[0];
  }
}

template <class T>
void sparse_gradient(const T* p, const int64_t* labels, const T* dloss, T* dp, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; ++r, p += classes, dp += classes) {
    const T inverse = T{1} / clipped_sum(p, classes);
    const T scale = dloss[r];
    for_vectors<T>(classes, [&](int64_t i, auto lanes) {
      lanes.store(dp + i, unless_clipped<T>(lanes.load(p + i), broadcast(inverse)) * scale);
    });
    const T q = p[labels[r]];
    if (!(q < kLow<T>)&&!(q > kHigh<T>)) dp[labels[r]] = (inverse - T{1} / q) * scale;
  }
}

template <class T>
void binary(const T* p, const T* y, T* loss, int64_t n) {
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> q = clip<T>(lanes.load(p + i));
    const Vec<T> target = lanes.load(y + i);
    lanes.store(loss + i, -(target * log(q) + (T{1} - target) * log(T{1} - q)));
  });
}

template <class T>
void binary_gradient(const T* p, const T* y, const T* dloss, T* dp, int64_t n) {
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> q = lanes.load(p + i);
    const Vec<T> target = lanes.load(y + i);
    const Vec<T> slope = (T{1} - target) / (T{1} - q) - target / q;
    lanes.store(dp + i, unless_clipped<T>(q, slope * lanes.load(dloss + i)));
  });
}

template <class T>
void binary_logits(const T* x, const T* y, T* loss, int64_t n) {
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> logit = lanes.load(x + i);
    lanes.store(loss + i, max(zero<T>(), logit) - logit * lanes.load(y + i) + log1p(exp(-abs(logit))));
  });
}

template <class T>
void binary_logits_gradient(const T* x, const T* y, const T* dloss, T* dx, int64_t n) {
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    lanes.store(dx + i, (sigmoid(lanes.load(x + i)) - lanes.load(y + i)) * lanes.load(dloss + i));
  });
}

// Rows shorter than a vector, one in each lane.
template <class T>
JUANJI_INLINE void narrow_squared_error(const T* x, const T* y, T* loss, int64_t rows, int64_t classes) {
  constexpr int W = kWidth<T>;
  const T share = T{1} / static_cast<T>(classes);
  int64_t r = 0;
  for (; r + W <= rows; r += W) {
    Vec<T> sum = zero<T>();
    for (int64_t c = 0; c < classes; ++c) {
      Vec<T> difference{};
      for (int k = 0; k < W; ++k) difference[k] = x[(r + k) * classes + c] - y[(r + k) * classes + c];
      sum += difference * difference;
    }
    store(loss + r, sum * share);
  }
  for (; r < rows; ++r) {
    T sum = 0;
    for (int64_t c = 0; c < classes; ++c) {
      const T difference = x[r * classes + c] - y[r * classes + c];
      sum += difference * difference;
    }
    loss[r] = sum * share;
  }
}

template <class T>
void squared_error(const T* x, const T* y, T* loss, int64_t rows, int64_t classes) {
  if (classes < kWidth<T>) return narrow_squared_error(x, y, loss, rows, classes);
  for (int64_t r = 0; r < rows; ++r, x += classes, y += classes) {
    const T sum = sum_over<T>(classes, [&](int64_t i, auto lanes) {
      const Vec<T> difference = lanes.load(x + i) - lanes.load(y + i);
      return difference * difference;
    });
    loss[r] = sum / static_cast<T>(classes);
  }
}

template <class T>
void squared_error_gradient(const T* x, const T* y, const T* dloss, T* dx, int64_t rows, int64_t classes) {
  constexpr int64_t W = kWidth<T>;
  if (classes < W) {  // the factors of a few rows are laid out like their elements
    T scales[W * W];
    for (int64_t r = 0; r < rows; r += W) {
      const int64_t count = rows - r < W ? rows - r : W;
      for (int64_t k = 0; k < count; ++k) {
        const T scale = T{2} * dloss[r + k] / static_cast<T>(classes);
        for (int64_t c = 0; c < classes; ++c) scales[k * classes + c] = scale;
      }
      const T *xs = x + r * classes, *ys = y + r * classes;
      T* out = dx + r * classes;
      for_vectors<T>(count * classes, [&](int64_t i, auto lanes) {
        lanes.store(out + i, (lanes.load(xs + i) - lanes.load(ys + i)) * lanes.load(scales + i));
      });
    }
    return;
  }
  for (int64_t r = 0; r < rows; ++r, x += classes, y += classes, dx += classes) {
    const T scale = T{2} * dloss[r] / static_cast<T>(classes);
    for_vectors<T>(
        classes, [&](int64_t i, auto lanes) { lanes.store(dx + i, (lanes.load(x + i) - lanes.load(y + i)) * scale); });
  }
}

}  // namespace

template <class T>
LossesTable<T> losses() {
  return {&probabilities<T>, &probabilities_gradient<T>, &sparse<T>,        &sparse_gradient<T>,
          &binary<T>,        &binary_gradient<T>,        &binary_logits<T>, &binary_logits_gradient<T>,
          &squared_error<T>, &squared_error_gradient<T>};
}

template LossesTable<float> losses<float>();
template LossesTable<double> losses<double>();

}  // namespace juanji::kernels::JUANJI_ISA
