#include "kernels/depthwise_3x3_weights.hpp"

#include "kernels/depthwise_passes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
int64_t packed_size(int64_t c) {
  return slots<T>(c) * kSlot<T>;
}

template <class T>
void unpack(const T* packed, T* dw, int64_t c) {
  for_passes<T, 1>(
      c, false, [&](int64_t i, int64_t slot, auto lanes, auto) __attribute__((always_inline)) {
        for (int k = 0; k < 9; ++k) lanes.store(dw + k * c + i, load(packed + slot * kSlot<T> + k * kWidth<T>));
      });
}

// The t in begin .. end-1 are those for which all three taps lie inside.
struct Inside {
  int64_t begin, end;

  template <class T>
  JUANJI_INLINE_MEMBER explicit Inside(const DepthwiseWeightRow<T>& r) {
    const int64_t last = r.base + 2 * r.tap_step;
    begin = r.base >= 0 ? 0 : (-r.base + r.step - 1) / r.step;
    end = last >= r.width ? 0 : (r.width - 1 - last) / r.step + 1;
    if (begin > r.count) begin = r.count;
    if (end > r.count) end = r.count;
  }
};

// kNew: pixels of x that come new with one output, for stride 1 and above.
template <class T, int R, int kNew, class Lanes>
JUANJI_INLINE void add_row(const DepthwiseWeightRow<T>& r, int64_t i, int64_t slot, Lanes lanes, Inside inside,
                           Ahead& next_x, Ahead& next_dy) {
  constexpr int W = kWidth<T>;
  T* dw = r.dw + slot * kSlot<T> + r.kernel_row * 3 * W;
  Vec<T> sum[R][3];
  for (int v = 0; v < R; ++v) {
    for (int u = 0; u < 3; ++u) sum[v][u] = load(dw + (v * 3 + u) * W);
  }
  const T* dy = r.dy + i;
  const T* x = r.x + r.base * r.c + i;
  const int64_t step = r.step * r.c, tap_step = r.tap_step * r.c;
  const auto add = [&](const T* pixel, Vec<T> d, int u) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int v = 0; v < R; ++v) sum[v][u] += lanes.load(pixel + v * r.x_row_step) * d;
  };
  const auto edge = [&](int64_t t) __attribute__((always_inline)) {
    const int64_t at = r.base + t * r.step;
    const Vec<T> d = lanes.load(dy + t * r.c);
    const T* pixel = x + t * step;
    if (at >= 0 && at < r.width) add(pixel, d, 0);
    if (at + r.tap_step >= 0 && at + r.tap_step < r.width) add(pixel + tap_step, d, 1);
    if (at + 2 * r.tap_step >= 0 && at + 2 * r.tap_step < r.width) add(pixel + 2 * tap_step, d, 2);
  };
  int64_t t = 0;
  for (; t < inside.begin; ++t) edge(t);
  for (; t < inside.end; ++t) {
    next_x.read<kNew * kAhead<T, Lanes, 1>>();
    next_dy.read<kAhead<T, Lanes, 1>>();
    const Vec<T> d = lanes.load(dy + t * r.c);
    const T* pixel = x + t * step;
    add(pixel, d, 0), add(pixel + tap_step, d, 1), add(pixel + 2 * tap_step, d, 2);
  }
  for (; t < r.count; ++t) edge(t);
  for (int v = 0; v < R; ++v) {
    for (int u = 0; u < 3; ++u) store(dw + (v * 3 + u) * W, sum[v][u]);
  }
}

template <class T, int R, int kNew>
void add_rows(const DepthwiseWeightRow<T>& r) {
  Ahead next_x(r.next_x), next_dy(r.next_dy);
  const Inside inside(r);
  for_passes<T, 1>(
      r.c, false, [&](int64_t i, int64_t slot, auto lanes, auto) __attribute__((always_inline)) {
        add_row<T, R, kNew>(r, i, slot, lanes, inside, next_x, next_dy);
      });
}

template <class T, int kNew>
void row_with(const DepthwiseWeightRow<T>& r) {
  switch (r.rows) {
    case 1: return add_rows<T, 1, kNew>(r);
    case 2: return add_rows<T, 2, kNew>(r);
    case 3: return add_rows<T, 3, kNew>(r);
    default: return;
  }
}

template <class T>
void row(const DepthwiseWeightRow<T>& r) {
  r.step == 1 ? row_with<T, 1>(r) : row_with<T, 4>(r);
}

}  // namespace

template <class T>
Depthwise3x3WeightsTable<T> depthwise_3x3_weights() {
  return {&packed_size<T>, &unpack<T>, &row<T>};
}

template Depthwise3x3WeightsTable<float> depthwise_3x3_weights<float>();
template Depthwise3x3WeightsTable<double> depthwise_3x3_weights<double>();

}  // namespace juanji::kernels::JUANJI_ISA
