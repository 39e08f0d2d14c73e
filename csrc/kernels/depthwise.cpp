#include "kernels/depthwise.hpp"

#include "kernels/depthwise_passes.hpp"
#include "simd/activate.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

struct Range {
  int64_t begin, end;
};

// The t in 0 .. count-1 for which 0 <= base + t*step < width.
JUANJI_INLINE Range inside(int64_t base, int64_t step, int64_t width, int64_t count) {
  const int64_t begin = base >= 0 ? 0 : (-base + step - 1) / step;
  const int64_t end = base >= width ? 0 : (width - 1 - base) / step + 1;
  const int64_t last = end < count ? end : count;
  return {begin < last ? begin : last, last};
}

// `R` outputs from t on, with the taps u of `taps` only, which all lie inside. Steps and the number of taps are
// compile-time constants where the template says so (not zero): then loops unroll and neighbours share their loads.
template <class T, int R, int kTaps, int kStep, int kTapStep>
JUANJI_INLINE void outputs(const DepthwiseLine<T>& line, int64_t t, Range taps, Vec<T> lowest) {
  const int64_t c = line.c;
  const int64_t step = (kStep ? kStep : line.step) * c;
  const int64_t tap_step = (kTapStep ? kTapStep : line.tap_step) * c;
  const int64_t count = kTaps ? kTaps : taps.end - taps.begin;
  const T* x = line.x + (line.base + t * line.step + taps.begin * line.tap_step) * c;
  const T* w = line.w + taps.begin * line.w_tap_step;
  T* y = line.y + t * line.y_step * c;
  for_passes<T, 1>(
      c, false, [&](int64_t i, int64_t, auto lanes, auto) __attribute__((always_inline)) {
        const Vec<T> bias = line.b ? lanes.load(line.b + i) : zero<T>();
        Vec<T> sum[R];
        for (int r = 0; r < R; ++r) sum[r] = bias;
        for (int64_t v = 0; v < line.rows; ++v) {
          const T* xv = x + v * line.x_row_step + i;
          const T* wv = w + v * line.w_row_step + i;
          for (int64_t u = 0; u < count; ++u) {
            const Vec<T> weight = lanes.load(wv + u * line.w_tap_step);
            for (int r = 0; r < R; ++r) sum[r] += lanes.load(xv + r * step + u * tap_step) * weight;
          }
        }
        for (int r = 0; r < R; ++r) lanes.store(y + r * line.y_step * c + i, max(lowest, sum[r]));
      });
}

// kColumns outputs are kept in registers at a time: each weight is loaded once for all of them, and their sums hide
// each other's latency. With 3 or 5 taps neighbours share loads too: then more than four would not fit.
template <class T, int kColumns, int kTaps, int kStep, int kTapStep>
void whole_line(const DepthwiseLine<T>& line, Vec<T> lowest) {
  // All taps of t lie inside when the first and the last one do.
  const Range first = inside(line.base, line.step, line.width, line.count);
  const Range last = inside(line.base + (line.taps - 1) * line.tap_step, line.step, line.width, line.count);
  const Range all = {0, line.taps};
  const int64_t begin = first.begin, end = last.end > begin ? last.end : begin;
  const auto edge = [&](int64_t t) {
    const Range some = inside(line.base + t * line.step, line.tap_step, line.width, line.taps);
    outputs<T, 1, 0, 0, 0>(line, t, some, lowest);
  };
  int64_t t = 0;
  for (; t < begin; ++t) edge(t);
  for (; t + kColumns <= end; t += kColumns) outputs<T, kColumns, kTaps, kStep, kTapStep>(line, t, all, lowest);
  if (t + kColumns / 2 <= end) {
    outputs<T, kColumns / 2, kTaps, kStep, kTapStep>(line, t, all, lowest);
    t += kColumns / 2;
  }
  for (; t < end; ++t) outputs<T, 1, kTaps, kStep, kTapStep>(line, t, all, lowest);
  for (; t < line.count; ++t) edge(t);
}

// Sigmoid and tanh, on outputs that are still in the cache.
template <class T>
void activate_line(const DepthwiseLine<T>& line) {
  for (int64_t t = 0; t < line.count; ++t) {
    T* y = line.y + t * line.y_step * line.c;
    for_channels<T>(
        line.c, 0, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          lanes.store(y + i, activate<T>(line.activation, lanes.load(y + i)));
        });
  }
}

template <class T>
void line(const DepthwiseLine<T>& l) {
  const T infinity = static_cast<T>(__builtin_inf());
  const bool relu = l.activation == Activation::relu || l.activation == Activation::relu6;
  const Vec<T> lowest = broadcast<T>(relu ? T(0) : -infinity);
  const bool dense = l.tap_step == 1;
  if (dense && l.taps == 3 && l.step == 1) {
    whole_line<T, 4, 3, 1, 1>(l, lowest);
  } else if (dense && l.taps == 3 && l.step == 2) {
    whole_line<T, 4, 3, 2, 1>(l, lowest);
  } else if (dense && l.taps == 5 && l.step == 1) {
    whole_line<T, 4, 5, 1, 1>(l, lowest);
  } else if (dense && l.taps == 5 && l.step == 2) {
    whole_line<T, 4, 5, 2, 1>(l, lowest);
  } else if (dense && l.taps == 7 && l.step == 1) {
    whole_line<T, 8, 7, 1, 1>(l, lowest);
  } else {
    whole_line<T, 8, 0, 0, 0>(l, lowest);
  }
  if (l.activation != Activation::none && l.activation != Activation::relu) activate_line(l);
}

// dw of `U` taps from `first` on, of one kernel row. Each tap sums over the outputs for which it lies inside.
template <class T, int U>
JUANJI_INLINE void weight_taps(const DepthwiseWeightLine<T>& line, int64_t v, int64_t first) {
  Range tap[U];
  Range common = {0, line.count};
  for (int u = 0; u < U; ++u) {
    tap[u] = inside(line.base + (first + u) * line.tap_step, line.step, line.width, line.count);
    if (tap[u].begin > common.begin) common.begin = tap[u].begin;
    if (tap[u].end < common.end) common.end = tap[u].end;
  }
  if (common.end < common.begin) common.end = common.begin;
  const int64_t c = line.c, step = line.step * c, tap_step = line.tap_step * c;
  const T* x = line.x + v * line.x_row_step + (line.base + first * line.tap_step) * c;
  T* dw = line.dw + v * line.dw_row_step + first * c;
  for_channels<T>(
      c, 0, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        Vec<T> sum[U];
        for (int u = 0; u < U; ++u) {
          sum[u] = zero<T>();
          for (int64_t t = tap[u].begin; t < tap[u].end && t < common.begin; ++t) {
            sum[u] += lanes.load(x + t * step + u * tap_step + i) * lanes.load(line.dy + t * c + i);
          }
        }
        for (int64_t t = common.begin; t < common.end; ++t) {
          const Vec<T> dy = lanes.load(line.dy + t * c + i);
          for (int u = 0; u < U; ++u) sum[u] += lanes.load(x + t * step + u * tap_step + i) * dy;
        }
        for (int u = 0; u < U; ++u) {
          const int64_t rest = tap[u].begin > common.end ? tap[u].begin : common.end;
          for (int64_t t = rest; t < tap[u].end; ++t) {
            sum[u] += lanes.load(x + t * step + u * tap_step + i) * lanes.load(line.dy + t * c + i);
          }
          lanes.store(dw + u * c + i, lanes.load(dw + u * c + i) + sum[u]);
        }
      });
}

template <class T>
void weight_line(const DepthwiseWeightLine<T>& line) {
  for (int64_t v = 0; v < line.rows; ++v) {
    int64_t u = 0;
    if (line.taps == 5) {
      weight_taps<T, 5>(line, v, 0);
      u = 5;
    }
    for (; u + 3 <= line.taps; u += 3) weight_taps<T, 3>(line, v, u);
    for (; u < line.taps; ++u) weight_taps<T, 1>(line, v, u);
  }
}

template <class T>
void accumulate(T* a, const T* b, int64_t n) {
  for_channels<T>(
      n, 0, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        lanes.store(a + i, lanes.load(a + i) + lanes.load(b + i));
      });
}

// M, where not zero, is the number of copies: the compiler then interleaves vectors.
template <class T, int M>
void repeat_times(const T* __restrict x, T* __restrict y, int64_t n, int64_t m) {
  const int64_t copies = M ? M : m;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < copies; ++j) y[i * copies + j] = x[i];
  }
}

template <class T>
void repeat(const T* x, T* y, int64_t n, int64_t m) {
  switch (m) {
    case 2: return repeat_times<T, 2>(x, y, n, m);
    case 3: return repeat_times<T, 3>(x, y, n, m);
    case 4: return repeat_times<T, 4>(x, y, n, m);
    default: return repeat_times<T, 0>(x, y, n, m);
  }
}

template <class T, int M>
void sum_groups_of(const T* __restrict x, T* __restrict y, int64_t n, int64_t m) {
  const int64_t size = M ? M : m;
  for (int64_t i = 0; i < n; ++i) {
    T sum = x[i * size];
    for (int64_t j = 1; j < size; ++j) sum += x[i * size + j];
    y[i] = sum;
  }
}

template <class T>
void sum_groups(const T* x, T* y, int64_t n, int64_t m) {
  switch (m) {
    case 2: return sum_groups_of<T, 2>(x, y, n, m);
    case 3: return sum_groups_of<T, 3>(x, y, n, m);
    case 4: return sum_groups_of<T, 4>(x, y, n, m);
    default: return sum_groups_of<T, 0>(x, y, n, m);
  }
}

}  // namespace

template <class T>
DepthwiseTable<T> depthwise() {
  return {&line<T>, &weight_line<T>, &accumulate<T>, &repeat<T>, &sum_groups<T>};
}

template DepthwiseTable<float> depthwise<float>();
template DepthwiseTable<double> depthwise<double>();

}  // namespace juanji::kernels::JUANJI_ISA
