// No fused multiply-add in this file: the compiler makes vectors of it by itself, and would fuse other products in them
// than in the pixels that are left over. A pixel has to get the same bits wherever it lies, since recorded steps take a
// few samples at a time.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif

#include "kernels/hsv.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// The largest and the smallest channel of a pixel and their difference.
template <class T>
struct Order {
  int largest, smallest;
  T range;
};

template <class T>
JUANJI_INLINE Order<T> order(const T* x) {
  const int largest = x[0] >= x[1] && x[0] >= x[2] ? 0 : x[1] >= x[2] ? 1 : 2;
  const int smallest = x[0] <= x[1] && x[0] <= x[2] ? 0 : x[1] <= x[2] ? 1 : 2;
  return {largest, smallest, x[largest] - x[smallest]};
}

template <class T>
void from_rgb(const T* x, T* y, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i, x += 3, y += 3) {
    const Order<T> o = order(x);
    const T value = x[o.largest];
    const T ahead = x[(o.largest + 1) % 3] - x[(o.largest + 2) % 3];
    T hue = o.range > 0 ? ahead / (6 * o.range) + static_cast<T>(2 * o.largest) / 6 : 0;
    if (hue < 0) hue += 1;
    y[0] = hue;
    y[1] = value > 0 ? o.range / value : 0;
    y[2] = value;
  }
}

template <class T>
void from_rgb_gradient(const T* x, const T* dy, T* dx, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i, x += 3, dy += 3, dx += 3) {
    const Order<T> o = order(x);
    const int next = (o.largest + 1) % 3, after = (o.largest + 2) % 3;
    dx[0] = dx[1] = dx[2] = 0;
    dx[o.largest] = dy[2];
    if (x[o.largest] > 0) {  // saturation = range / value
      const T d = dy[1] / x[o.largest];
      dx[o.largest] += d - d * o.range / x[o.largest];
      dx[o.smallest] -= d;
    }
    if (o.range > 0) {  // hue = ahead / 6 range
      const T d = dy[0] / (6 * o.range);
      const T back = d * (x[next] - x[after]) / o.range;
      dx[next] += d;
      dx[after] -= d;
      dx[o.largest] -= back;
      dx[o.smallest] += back;
    }
  }
}

// How much of each primary colour is in a hue, before it is limited to 0..1, and its derivative.
template <class T>
JUANJI_INLINE void primaries(T hue, T* amount, T* slope) {
  const T centre[3] = {3, 2, 4};
  for (int c = 0; c < 3; ++c) {
    const T away = 6 * hue - centre[c];
    const T distance = away < 0 ? -away : away;
    const T direction = (c == 0 ? 6 : -6) * (away < 0 ? -1 : 1);
    const T raw = c == 0 ? distance - 1 : 2 - distance;
    amount[c] = raw < 0 ? 0 : raw > 1 ? 1 : raw;
    slope[c] = raw > 0 && raw < 1 ? direction : 0;
  }
}

template <class T>
void to_rgb(const T* x, T* y, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i, x += 3, y += 3) {
    T amount[3], slope[3];
    primaries(x[0], amount, slope);
    for (int c = 0; c < 3; ++c) y[c] = ((1 - x[1]) + x[1] * amount[c]) * x[2];
  }
}

template <class T>
void to_rgb_gradient(const T* x, const T* dy, T* dx, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i, x += 3, dy += 3, dx += 3) {
    T amount[3], slope[3];
    primaries(x[0], amount, slope);
    T hue = 0, saturation = 0, value = 0;
    for (int c = 0; c < 3; ++c) {
      hue += dy[c] * slope[c] * x[1] * x[2];
      saturation += dy[c] * (amount[c] - 1) * x[2];
      value += dy[c] * ((1 - x[1]) + x[1] * amount[c]);
    }
    dx[0] = hue;
    dx[1] = saturation;
    dx[2] = value;
  }
}

}  // namespace

template <class T>
HsvTable<T> hsv() {
  return {&from_rgb<T>, &from_rgb_gradient<T>, &to_rgb<T>, &to_rgb_gradient<T>};
}

template HsvTable<float> hsv<float>();
template HsvTable<double> hsv<double>();

}  // namespace juanji::kernels::JUANJI_ISA
