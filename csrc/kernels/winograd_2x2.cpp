// Winograd's F(2×2, 3×3).
#include "kernels/winograd.hpp"

#include "kernels/tiling.hpp"
#include "simd/activate.hpp"
#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Two rows of Bᵀ d at a time, which with two rows of d leaves registers enough for sixteen: the middle rows load again.
template <class T>
JUANJI_INLINE void store_input_row(const Vec<T> (&t)[4], T* a, int64_t matrix_step) {
  store(a, t[0] - t[2]);
  store(a + matrix_step, t[1] + t[2]);
  store(a + 2 * matrix_step, t[2] - t[1]);
  store(a + 3 * matrix_step, t[1] - t[3]);
}

template <class T, class Lanes>
JUANJI_INLINE void input_vector(const WinogradInput<T>& p, const T* x, T* a, Lanes lanes) {
  const int64_t row = p.row_step, matrix = p.matrix_step;
  Vec<T> first[4], last[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const T* at = x + j * p.pixel_step;
    first[j] = lanes.load(at) - lanes.load(at + 2 * row);
    last[j] = lanes.load(at + row) - lanes.load(at + 3 * row);
  }
  store_input_row<T>(first, a, matrix);
  store_input_row<T>(last, a + 12 * matrix, matrix);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Vec<T> d1 = lanes.load(x + j * p.pixel_step + row), d2 = lanes.load(x + j * p.pixel_step + 2 * row);
    first[j] = d1 + d2;
    last[j] = d2 - d1;
  }
  store_input_row<T>(first, a + 4 * matrix, matrix);
  store_input_row<T>(last, a + 8 * matrix, matrix);
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
  Vec<T> top[4], bottom[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const T* at = c + j * p.matrix_step + i;
    const Vec<T> m1 = lanes.load(at + 4 * p.matrix_step), m2 = lanes.load(at + 8 * p.matrix_step);
    top[j] = lanes.load(at) + (m1 + m2);
    bottom[j] = (m1 - m2) - lanes.load(at + 12 * p.matrix_step);
  }
  const Vec<T> bias = p.bias == nullptr ? zero<T>() : lanes.load(p.bias + i);
  const int64_t to = p.y_shift + i;
  lanes.store(y[0] + to, activate<T>(kActivation, top[0] + (top[1] + top[2]) + bias));
  lanes.store(y[1] + to, activate<T>(kActivation, (top[1] - top[2]) - top[3] + bias));
  lanes.store(y[2] + to, activate<T>(kActivation, bottom[0] + (bottom[1] + bottom[2]) + bias));
  lanes.store(y[3] + to, activate<T>(kActivation, (bottom[1] - bottom[2]) - bottom[3] + bias));
}

template <class T, Activation kActivation>
void output_with(const WinogradOutput<T>& params) {
  const WinogradOutput<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* c = p.c + t * p.tile_step;
    T* const y[4] = {p.y[4 * t], p.y[4 * t + 1], p.y[4 * t + 2], p.y[4 * t + 3]};
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

// One row or column of G times three vectors.
template <class T>
JUANJI_INLINE void times_g(Vec<T> g0, Vec<T> g1, Vec<T> g2, Vec<T> (&u)[4]) {
  const Vec<T> half = broadcast(T(0.5));
  const Vec<T> outer = g0 + g2;
  u[0] = g0;
  u[1] = (outer + g1) * half;
  u[2] = (outer - g1) * half;
  u[3] = g2;
}

template <class T>
JUANJI_INLINE void weights_vector(const WinogradWeights<T>& p, const T* w, T* packed, int64_t lanes) {
  const auto tap = [&](int q) __attribute__((always_inline)) {
    const T* at = w + q * p.tap_step;
    return lanes >= kWidth<T> ? load(at) : lanes > 0 ? load_partial(at, lanes) : zero<T>();
  };
  Vec<T> columns[3][4];
#pragma GCC unroll 3
  for (int q = 0; q < 3; ++q) times_g<T>(tap(q), tap(3 + q), tap(6 + q), columns[q]);
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) {
    Vec<T> u[4];
    times_g<T>(columns[0][r], columns[1][r], columns[2][r], u);
#pragma GCC unroll 4
    for (int s = 0; s < 4; ++s) store(packed + (4 * r + s) * p.matrix_step, u[s]);
  }
}

template <class T>
void weights(const WinogradWeights<T>& params) {
  const WinogradWeights<T> p = params;
  for (int64_t c = 0; c < p.channels; ++c) {
    for (int64_t o = 0; o < kPanel<T>; o += kWidth<T>) {
      weights_vector(p, p.w + c * p.channel_step + (o < p.columns ? o : 0), p.packed + c * kPanel<T> + o,
                     p.columns - o);
    }
  }
}

// A row of the spread tile from a row of two pixels.
template <class T>
JUANJI_INLINE void store_spread(Vec<T> y0, Vec<T> y1, T* d, int64_t matrix_step) {
  store(d, y0);
  store(d + matrix_step, y0 + y1);
  store(d + 2 * matrix_step, y0 - y1);
  store(d + 3 * matrix_step, -y1);
}

template <class T>
void output_gradient(const WinogradOutputGradient<T>& params) {
  const WinogradOutputGradient<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* const* y = p.dy + 4 * t;
    T* d = p.d + t * p.tile_step;
    for_vectors<T>(
        p.channels, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          const int64_t at = p.dy_shift + i;
          const Vec<T> y00 = lanes.load(y[0] + at), y01 = lanes.load(y[1] + at);
          const Vec<T> y10 = lanes.load(y[2] + at), y11 = lanes.load(y[3] + at);
          store_spread<T>(y00, y01, d + i, p.matrix_step);
          store_spread<T>(y00 + y10, y01 + y11, d + i + 4 * p.matrix_step, p.matrix_step);
          store_spread<T>(y00 - y10, y01 - y11, d + i + 8 * p.matrix_step, p.matrix_step);
          store_spread<T>(-y10, -y11, d + i + 12 * p.matrix_step, p.matrix_step);
        });
  }
}

// One row or column of Gᵀ times four vectors.
template <class T>
JUANJI_INLINE void times_g_transposed(Vec<T> s0, Vec<T> s1, Vec<T> s2, Vec<T> s3, Vec<T> (&g)[3]) {
  const Vec<T> half = broadcast(T(0.5));
  const Vec<T> middle = (s1 + s2) * half;
  g[0] = s0 + middle;
  g[1] = (s1 - s2) * half;
  g[2] = middle + s3;
}

template <class T, class Lanes>
JUANJI_INLINE void weight_gradient_vector(const WinogradWeightGradient<T>& p, const T* s, T* dw, Lanes lanes) {
  Vec<T> columns[4][3];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const T* at = s + j * p.matrix_step;
    times_g_transposed<T>(lanes.load(at), lanes.load(at + 4 * p.matrix_step), lanes.load(at + 8 * p.matrix_step),
                          lanes.load(at + 12 * p.matrix_step), columns[j]);
  }
#pragma GCC unroll 3
  for (int r = 0; r < 3; ++r) {
    Vec<T> g[3];
    times_g_transposed<T>(columns[0][r], columns[1][r], columns[2][r], columns[3][r], g);
#pragma GCC unroll 3
    for (int q = 0; q < 3; ++q) lanes.store(dw + (3 * r + q) * p.tap_step, g[q]);
  }
}

template <class T>
void weight_gradient(const WinogradWeightGradient<T>& params) {
  const WinogradWeightGradient<T> p = params;
  for (int64_t c = 0; c < p.channels; ++c) {
    const T* s = p.s + c * p.row_step;
    T* dw = p.dw + c * p.channel_step;
    for_vectors<T>(
        p.columns, [&](int64_t i, auto lanes)
                       __attribute__((always_inline)) { weight_gradient_vector(p, s + i, dw + i, lanes); });
  }
}

}  // namespace

template <class T>
WinogradTable<T> winograd_2x2() {
  return {2, 16, &input<T>, &output<T>, &weights<T>, &output_gradient<T>, &weight_gradient<T>};
}

template WinogradTable<float> winograd_2x2<float>();
template WinogradTable<double> winograd_2x2<double>();

}  // namespace juanji::kernels::JUANJI_ISA
