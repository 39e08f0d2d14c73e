// Winograd's F(4×4, 3×3). A tile has more elements than there are registers: what lies between the transforms of its
// columns and of its rows goes through the stack.
#include "kernels/tiling.hpp"
#include "kernels/winograd.hpp"
#include "simd/activate.hpp"
#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

constexpr int kPixels = 4;    // of an output tile, along a side
constexpr int kElements = 6;  // of an input tile
template <class T>
constexpr T kA = T(0.70710678118654752440);
template <class T>
constexpr T kB = T(1.41421356237309504880);
template <class T>
constexpr T kGa = T(-2.0 / 3.0);  // 1 over the product of a's differences to the other points
template <class T>
constexpr T kGb = T(1.0 / 6.0);

// Asks for memory that the next tile reads: pixels lie too far apart for the processor to guess.
template <class T>
JUANJI_INLINE void prefetch_row(const T* row, int64_t elements) {
  for (int64_t i = 0; i < elements; i += kLine<T>) __builtin_prefetch(row + i);
}

template <class T>
JUANJI_INLINE void times_bt(const Vec<T> (&d)[kElements], Vec<T> (&v)[kElements]) {
  const Vec<T> a = broadcast(kA<T>), b = broadcast(kB<T>), half = broadcast(T(0.5)), two = broadcast(T(2));
  const Vec<T> middle = broadcast(T(2.5));
  const Vec<T> even_a = d[4] - two * d[2], odd_a = d[3] - two * d[1];
  const Vec<T> even_b = d[4] - half * d[2], odd_b = d[3] - half * d[1];
  v[0] = d[0] + d[4] - middle * d[2];
  v[1] = even_a + a * odd_a;
  v[2] = even_a - a * odd_a;
  v[3] = even_b + b * odd_b;
  v[4] = even_b - b * odd_b;
  v[5] = d[1] + d[5] - middle * d[3];
}

template <class T>
JUANJI_INLINE void times_at(const Vec<T> (&m)[kElements], Vec<T> (&y)[kPixels]) {
  const Vec<T> a = broadcast(kA<T>), b = broadcast(kB<T>), half = broadcast(T(0.5)), two = broadcast(T(2));
  const Vec<T> even_a = m[1] + m[2], odd_a = a * (m[1] - m[2]);
  const Vec<T> even_b = m[3] + m[4], odd_b = b * (m[3] - m[4]);
  y[0] = m[0] + even_a + even_b;
  y[1] = odd_a + odd_b;
  y[2] = half * even_a + two * even_b;
  y[3] = half * odd_a + (two * odd_b + m[5]);
}

template <class T>
JUANJI_INLINE void times_a(const Vec<T> (&y)[kPixels], Vec<T> (&d)[kElements]) {
  const Vec<T> a = broadcast(kA<T>), b = broadcast(kB<T>), half = broadcast(T(0.5)), two = broadcast(T(2));
  const Vec<T> even_a = y[0] + half * y[2], odd_a = y[1] + half * y[3];
  const Vec<T> even_b = y[0] + two * y[2], odd_b = y[1] + two * y[3];
  d[0] = y[0];
  d[1] = even_a + a * odd_a;
  d[2] = even_a - a * odd_a;
  d[3] = even_b + b * odd_b;
  d[4] = even_b - b * odd_b;
  d[5] = y[3];
}

template <class T>
JUANJI_INLINE void times_g(const Vec<T> (&g)[3], Vec<T> (&u)[kElements]) {
  const Vec<T> half = broadcast(T(0.5)), two = broadcast(T(2));
  const Vec<T> even_a = broadcast(kGa<T>) * (g[0] + half * g[2]), odd_a = broadcast(kGa<T> * kA<T>) * g[1];
  const Vec<T> even_b = broadcast(kGb<T>) * (g[0] + two * g[2]), odd_b = broadcast(kGb<T> * kB<T>) * g[1];
  u[0] = g[0];
  u[1] = even_a + odd_a;
  u[2] = even_a - odd_a;
  u[3] = even_b + odd_b;
  u[4] = even_b - odd_b;
  u[5] = g[2];
}

template <class T>
JUANJI_INLINE void times_gt(const Vec<T> (&s)[kElements], Vec<T> (&g)[3]) {
  const Vec<T> half = broadcast(T(0.5)), two = broadcast(T(2));
  const Vec<T> even_a = broadcast(kGa<T>) * (s[1] + s[2]), odd_a = broadcast(kGa<T> * kA<T>) * (s[1] - s[2]);
  const Vec<T> even_b = broadcast(kGb<T>) * (s[3] + s[4]), odd_b = broadcast(kGb<T> * kB<T>) * (s[3] - s[4]);
  g[0] = s[0] + even_a + even_b;
  g[1] = odd_a + odd_b;
  g[2] = half * even_a + (two * even_b + s[5]);
}

// M t Mᵀ of a square tile t: load_at(row, column) gives it, store_at(row, column, vector) takes the result; `times`
// multiplies a column with M, which makes kTo elements of kFrom.
template <class T, int kFrom, int kTo, class Times, class Load, class Store>
JUANJI_INLINE void both_sides(Times times, Load load_at, Store store_at) {
  Vec<T> between[kTo][kFrom];
#pragma GCC unroll 1  // all of it would need an address register for each element
  for (int j = 0; j < kFrom; ++j) {
    Vec<T> column[kFrom], result[kTo];
#pragma GCC unroll 6
    for (int i = 0; i < kFrom; ++i) column[i] = load_at(i, j);
    times(column, result);
#pragma GCC unroll 6
    for (int i = 0; i < kTo; ++i) between[i][j] = result[i];
  }
#pragma GCC unroll 1
  for (int i = 0; i < kTo; ++i) {
    Vec<T> result[kTo];
    times(between[i], result);
#pragma GCC unroll 6
    for (int j = 0; j < kTo; ++j) store_at(i, j, result[j]);
  }
}

#define JUANJI_TIMES(function) \
  [](auto& from, auto& to) __attribute__((always_inline)) { function<T>(from, to); }

template <class T, class Lanes>
JUANJI_INLINE void input_vector(const WinogradInput<T>& p, const T* x, T* a, Lanes lanes) {
  both_sides<T, kElements, kElements>(
      JUANJI_TIMES(times_bt),
      [&](int i, int j) __attribute__((always_inline)) { return lanes.load(x + i * p.row_step + j * p.pixel_step); },
      [&](int i, int j, Vec<T> v)
          __attribute__((always_inline)) { store(a + (kElements * i + j) * p.matrix_step, v); });
}

template <class T>
void input(const WinogradInput<T>& params) {
  const WinogradInput<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* x = p.x[t];
    T* a = p.a + t * p.tile_step;
    for_vectors<T>(
        p.channels, [&](int64_t i, auto lanes)
                        __attribute__((always_inline)) { input_vector(p, x + i, a + i, lanes); });
  }
}

template <class T, Activation kActivation, class Lanes>
JUANJI_INLINE void output_vector(const WinogradOutput<T>& p, const T* c, T* const* y, int64_t i, Lanes lanes) {
  const Vec<T> bias = p.bias == nullptr ? zero<T>() : lanes.load(p.bias + i);
  const int64_t to = p.y_shift + i;
  both_sides<T, kElements, kPixels>(
      JUANJI_TIMES(times_at),
      [&](int r, int s)
          __attribute__((always_inline)) { return lanes.load(c + (kElements * r + s) * p.matrix_step + i); },
      [&](int r, int s, Vec<T> v)
          __attribute__((always_inline)) { lanes.store(y[kPixels * r + s] + to, activate<T>(kActivation, v + bias)); });
}

template <class T, Activation kActivation>
void output_with(const WinogradOutput<T>& params) {
  const WinogradOutput<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* c = p.c + t * p.tile_step;
    T* const* y = p.y + kPixels * kPixels * t;
    if (t + 1 < p.tiles) {
      for (int e = 0; e < kPixels * kPixels; ++e) {
        const T* row = y[kPixels * kPixels + e] + p.y_shift;
        for (int64_t i = 0; i < p.channels; i += kLine<T>) __builtin_prefetch(row + i, 1);
      }
    }
    for_vectors<T>(
        p.channels, [&](int64_t i, auto lanes)
                        __attribute__((always_inline)) { output_vector<T, kActivation>(p, c, y, i, lanes); });
  }
}

template <class T>
void output(const WinogradOutput<T>& p) {
  switch (p.activation) {
    case Activation::none: return output_with<T, Activation::none>(p);
    case Activation::relu: return output_with<T, Activation::relu>(p);
    case Activation::sigmoid: return output_with<T, Activation::sigmoid>(p);
    case Activation::tanh: return output_with<T, Activation::tanh>(p);
  }
}

template <class T>
void weights(const WinogradWeights<T>& params) {
  const WinogradWeights<T> p = params;
  for (int64_t c = 0; c < p.channels; ++c) {
    for (int64_t o = 0; o < kPanel<T>; o += kWidth<T>) {
      const int64_t lanes = p.columns - o;
      const T* w = p.w + c * p.channel_step + (lanes > 0 ? o : 0);
      T* packed = p.packed + c * kPanel<T> + o;
      both_sides<T, 3, kElements>(
          JUANJI_TIMES(times_g),
          [&](int i, int j) __attribute__((always_inline)) {
            const T* tap = w + (3 * i + j) * p.tap_step;
            return lanes >= kWidth<T> ? load(tap) : lanes > 0 ? load_partial(tap, lanes) : zero<T>();
          },
          [&](int i, int j, Vec<T> v)
              __attribute__((always_inline)) { store(packed + (kElements * i + j) * p.matrix_step, v); });
    }
  }
}

template <class T>
void output_gradient(const WinogradOutputGradient<T>& params) {
  const WinogradOutputGradient<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* const* y = p.dy + kPixels * kPixels * t;
    T* d = p.d + t * p.tile_step;
    if (t + 1 < p.tiles) {
      for (int s = 0; s < kPixels * kPixels; ++s) {
        prefetch_row(y[kPixels * kPixels + s] + p.dy_shift, p.channels);
      }
    }
    for_vectors<T>(
        p.channels, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          both_sides<T, kPixels, kElements>(
              JUANJI_TIMES(times_a),
              [&](int r, int s)
                  __attribute__((always_inline)) { return lanes.load(y[kPixels * r + s] + p.dy_shift + i); },
              [&](int r, int s, Vec<T> v)
                  __attribute__((always_inline)) { store(d + i + (kElements * r + s) * p.matrix_step, v); });
        });
  }
}

template <class T>
void weight_gradient(const WinogradWeightGradient<T>& params) {
  const WinogradWeightGradient<T> p = params;
  for (int64_t c = 0; c < p.channels; ++c) {
    const T* s = p.s + c * p.row_step;
    T* dw = p.dw + c * p.channel_step;
    for_vectors<T>(
        p.columns, [&](int64_t n, auto lanes) __attribute__((always_inline)) {
          both_sides<T, kElements, 3>(
              JUANJI_TIMES(times_gt),
              [&](int i, int j)
                  __attribute__((always_inline)) { return lanes.load(s + n + (kElements * i + j) * p.matrix_step); },
              [&](int i, int j, Vec<T> v)
                  __attribute__((always_inline)) { lanes.store(dw + n + (3 * i + j) * p.tap_step, v); });
        });
  }
}

#undef JUANJI_TIMES

}  // namespace

template <class T>
WinogradTable<T> winograd_4x4() {
  return {kPixels, kElements * kElements, &input<T>, &output<T>, &weights<T>, &output_gradient<T>, &weight_gradient<T>};
}

template WinogradTable<float> winograd_4x4<float>();
template WinogradTable<double> winograd_4x4<double>();

}  // namespace juanji::kernels::JUANJI_ISA
