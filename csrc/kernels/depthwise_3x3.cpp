#include "kernels/depthwise_3x3.hpp"

#include "kernels/depthwise_passes.hpp"
#include "simd/activate.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
int64_t packed_size(int64_t c) {
  return slots<T>(c) * kSlot<T>;
}

template <class T>
void pack(const T* w, T* packed, int64_t c, bool turned) {
  for_passes<T, 1>(
      c, false, [&](int64_t i, int64_t slot, auto lanes, auto) __attribute__((always_inline)) {
        T* to = packed + slot * kSlot<T>;
        for (int k = 0; k < 9; ++k) store(to + (turned ? 8 - k : k) * kWidth<T>, lanes.load(w + k * c + i));
      });
}

// The weights of R kernel rows for V vectors of channels: in registers for one vector, in the first cache for two.
template <class T, int R, int V>
struct Weights {
  const T* row[R];
  Vec<T> kept[V == 1 ? R : 1][3];

  JUANJI_INLINE_MEMBER Weights(const DepthwiseRow<T>& r, int64_t slot) {
    for (int v = 0; v < R; ++v) {
      row[v] = r.weights + slot * kSlot<T> + (r.kernel_row + v * r.kernel_row_step) * 3 * kWidth<T>;
      if constexpr (V == 1) {
        for (int u = 0; u < 3; ++u) kept[v][u] = load(row[v] + u * kWidth<T>);
      }
    }
  }
  JUANJI_INLINE_MEMBER Vec<T> get(int v, int u, int h) const {
    if constexpr (V == 1) return kept[v][u];
    return load(row[v] + h * kSlot<T> + u * kWidth<T>);
  }
};

// sum[u][h] = start (for tap 0) + sum over v of the pixel at x + v*step, times w[v][u]; of the taps First .. Last only.
template <int First, int Last, class T, int R, int V, class Lanes>
JUANJI_INLINE void column(const Weights<T, R, V>& w, const T* x, int64_t step, const Vec<T> (&start)[V], Lanes lanes,
                          Vec<T> (&sum)[3][V]) {
#pragma GCC unroll 4
  for (int v = 0; v < R; ++v) {
#pragma GCC unroll 4
    for (int h = 0; h < V; ++h) {
      const Vec<T> pixel = lanes.load(x + v * step + h * kWidth<T>);
#pragma GCC unroll 4
      for (int u = First; u <= Last; ++u) {
        const Vec<T> product = pixel * w.get(v, u, h);
        sum[u][h] = v > 0 ? sum[u][h] + product : u == 0 ? start[h] + product : product;
      }
    }
  }
}

template <class T, int V, class Lanes>
JUANJI_INLINE void load_bias(const T* b, int64_t i, Lanes lanes, Vec<T> (&bias)[V]) {
  for (int h = 0; h < V; ++h) bias[h] = b ? lanes.load(b + i + h * kWidth<T>) : zero<T>();
}

// Stride 1. `due` is the output that lacks tap 2 alone, `later` the one that has only tap 0.
template <class T, int R, int V, class Lanes>
JUANJI_INLINE void slide(const DepthwiseRow<T>& r, int64_t i, int64_t slot, Lanes lanes, Vec<T> lowest, Ahead& next_x,
                         Ahead& next_y) {
  const Weights<T, R, V> w(r, slot);
  const PixelStore<T, Lanes> y{r.y + i, r.c, r.count, lanes};
  Vec<T> bias[V], due[V], later[V], sum[3][V];
  load_bias<T, V>(r.b, i, lanes, bias);
  for (int h = 0; h < V; ++h) due[h] = later[h] = bias[h];
  const T* x = r.x + i;
  // Copies: what is stored might otherwise change them, for all that the compiler knows.
  const int64_t row = r.x_row_step, c = r.c, width = r.width, count = r.count;
  int64_t j = 0;
  for (; j < 2 - r.left; ++j, x += c) {
    column<0, 1>(w, x, row, bias, lanes, sum);
    for (int h = 0; h < V; ++h) {
      due[h] = later[h] + sum[1][h];
      later[h] = sum[0][h];
    }
  }
  int64_t t = 0;
  for (; j < width; ++j, ++t, x += c) {
    next_x.read<kAhead<T, Lanes, V>>();
    next_y.write<kAhead<T, Lanes, V>>();
    column<0, 2>(w, x, row, bias, lanes, sum);
    for (int h = 0; h < V; ++h) {
      y.put(t, h, max(lowest, due[h] + sum[2][h]));
      due[h] = later[h] + sum[1][h];
      later[h] = sum[0][h];
    }
  }
  for (int h = 0; h < V; ++h) {
    if (t < count) y.put(t, h, max(lowest, due[h]));
    if (t + 1 < count) y.put(t + 1, h, max(lowest, later[h]));
  }
}

// Stride 2. `due` is the next output without its tap 2.
template <class T, int R, int V, class Lanes>
JUANJI_INLINE void slide_by_two(const DepthwiseRow<T>& r, int64_t i, int64_t slot, Lanes lanes, Vec<T> lowest,
                                Ahead& next_x, Ahead& next_y) {
  const Weights<T, R, V> w(r, slot);
  const PixelStore<T, Lanes> y{r.y + i, r.c, r.count, lanes};
  Vec<T> bias[V], due[V], first[3][V], second[3][V];
  load_bias<T, V>(r.b, i, lanes, bias);
  const T* x = r.x + i;
  const int64_t row = r.x_row_step, c = r.c, width = r.width, count = r.count;
  for (int h = 0; h < V; ++h) first[0][h] = bias[h];
  if (r.left == 0) column<0, 0>(w, x, row, bias, lanes, first), x += c;
  column<1, 1>(w, x, row, bias, lanes, second), x += c;
  for (int h = 0; h < V; ++h) due[h] = first[0][h] + second[1][h];
  for (int64_t t = 0; t + 1 < count; ++t, x += 2 * c) {
    next_x.read<4 * kAhead<T, Lanes, V>>();
    next_y.write<kAhead<T, Lanes, V>>();
    column<0, 2>(w, x, row, bias, lanes, first);
    for (int h = 0; h < V; ++h) y.put(t, h, max(lowest, due[h] + first[2][h]));
    column<1, 1>(w, x + c, row, bias, lanes, second);
    for (int h = 0; h < V; ++h) due[h] = first[0][h] + second[1][h];
  }
  if (2 * count - r.left < width) {
    column<2, 2>(w, x, row, bias, lanes, first);
    for (int h = 0; h < V; ++h) due[h] += first[2][h];
  }
  for (int h = 0; h < V; ++h) y.put(count - 1, h, max(lowest, due[h]));
}

// `before` is what the pixel one to the left of this one's taps adds to the next pixel of y.
template <class T, int R, int V, class Lanes>
JUANJI_INLINE void spread(const DepthwiseRow<T>& r, int64_t i, int64_t slot, Lanes lanes, Ahead& next_x,
                          Ahead& next_y) {
  const Weights<T, R, V> w(r, slot);
  const PixelStore<T, Lanes> y{r.y + i, r.c, r.width, lanes};
  Vec<T> none[V] = {}, before[V] = {}, sum[3][V];
  const T* x = r.x + i;
  const int64_t row = r.x_row_step, c = r.c, width = r.width, count = r.count;
  int64_t at = 0, t = 0;
  if (r.left == 1) {
    column<1, 2>(w, x, row, none, lanes, sum);
    for (int h = 0; h < V; ++h) y.put(0, h, sum[1][h]), before[h] = sum[2][h];
    at = 1, t = 1, x += c;
  }
  for (; t < count; ++t, at += 2, x += c) {
    next_x.read<kAhead<T, Lanes, V>>();
    next_y.write<2 * kAhead<T, Lanes, V>>();
    column<0, 2>(w, x, row, none, lanes, sum);
    for (int h = 0; h < V; ++h) {
      y.put(at, h, before[h] + sum[0][h]);
      y.put(at + 1, h, sum[1][h]);
      before[h] = sum[2][h];
    }
  }
  for (; at < width; ++at) {
    for (int h = 0; h < V; ++h) y.put(at, h, before[h]), before[h] = zero<T>();
  }
}

template <class T, int R>
void slide_rows(const DepthwiseRow<T>& r, Vec<T> lowest) {
  Ahead next_x(r.next_x), next_y(r.next_y);
  for_passes<T, 2>(
      r.c, is_wide<T>(r.width, r.c), [&](int64_t i, int64_t slot, auto lanes, auto v) __attribute__((always_inline)) {
        slide<T, R, decltype(v)::value>(r, i, slot, lanes, lowest, next_x, next_y);
      });
}

template <class T, int R>
void slide_rows_by_two(const DepthwiseRow<T>& r, Vec<T> lowest) {
  Ahead next_x(r.next_x), next_y(r.next_y);
  for_passes<T, 2>(
      r.c, is_wide<T>(r.width, r.c), [&](int64_t i, int64_t slot, auto lanes, auto v) __attribute__((always_inline)) {
        slide_by_two<T, R, decltype(v)::value>(r, i, slot, lanes, lowest, next_x, next_y);
      });
}

template <class T, int R>
void spread_rows(const DepthwiseRow<T>& r) {
  Ahead next_x(r.next_x), next_y(r.next_y);
  for_passes<T, 2>(
      r.c, is_wide<T>(r.width, r.c), [&](int64_t i, int64_t slot, auto lanes, auto v) __attribute__((always_inline)) {
        spread<T, R, decltype(v)::value>(r, i, slot, lanes, next_x, next_y);
      });
}

template <class T>
JUANJI_INLINE Vec<T> lowest_of(Activation activation) {
  const bool relu = activation == Activation::relu || activation == Activation::relu6;
  return broadcast<T>(relu ? T(0) : -static_cast<T>(__builtin_inf()));
}

// What more than a maximum with zero there is to do, on outputs that are still in the cache.
template <class T>
void activate_row(const DepthwiseRow<T>& r) {
  if (r.activation == Activation::none || r.activation == Activation::relu) return;
  for_vectors<T>(
      r.count * r.c, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        lanes.store(r.y + i, activate<T>(r.activation, lanes.load(r.y + i)));
      });
}

// A kernel that lies in the padding altogether.
template <class T>
void bias_row(const DepthwiseRow<T>& r, int64_t pixels, Vec<T> lowest) {
  for (int64_t t = 0; t < pixels; ++t) {
    for_vectors<T>(
        r.c, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          lanes.store(r.y + t * r.c + i, max(lowest, r.b ? lanes.load(r.b + i) : zero<T>()));
        });
  }
}

template <class T>
void row(const DepthwiseRow<T>& r) {
  const Vec<T> lowest = lowest_of<T>(r.activation);
  switch (r.rows) {
    case 1: slide_rows<T, 1>(r, lowest); break;
    case 2: slide_rows<T, 2>(r, lowest); break;
    case 3: slide_rows<T, 3>(r, lowest); break;
    default: bias_row(r, r.count, lowest);
  }
  activate_row(r);
}

template <class T>
void row_by_two(const DepthwiseRow<T>& r) {
  const Vec<T> lowest = lowest_of<T>(r.activation);
  switch (r.rows) {
    case 1: slide_rows_by_two<T, 1>(r, lowest); break;
    case 2: slide_rows_by_two<T, 2>(r, lowest); break;
    case 3: slide_rows_by_two<T, 3>(r, lowest); break;
    default: bias_row(r, r.count, lowest);
  }
  activate_row(r);
}

template <class T>
void spread_by_two(const DepthwiseRow<T>& r) {
  switch (r.rows) {
    case 1: return spread_rows<T, 1>(r);
    case 2: return spread_rows<T, 2>(r);
    case 3: return spread_rows<T, 3>(r);
    default: return bias_row(r, r.width, lowest_of<T>(Activation::none));
  }
}

}  // namespace

template <class T>
Depthwise3x3Table<T> depthwise_3x3() {
  return {&packed_size<T>, &pack<T>, &row<T>, &row_by_two<T>, &spread_by_two<T>};
}

template Depthwise3x3Table<float> depthwise_3x3<float>();
template Depthwise3x3Table<double> depthwise_3x3<double>();

}  // namespace juanji::kernels::JUANJI_ISA
