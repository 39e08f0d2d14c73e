#include "kernels/bias_gradient.hpp"

#include "simd/activate.hpp"
#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T, Activation A>
JUANJI_INLINE Vec<T> through(Vec<T> dy, Vec<T> y) {
  return activation_gradient<T>(A, y, dy);
}

// V vectors of columns; with Partial the last one holds `lanes`.
template <class T, Activation A, int V, bool Partial>
JUANJI_INLINE void columns(const T* y, const T* dy, T* dz, T* sum, int64_t rows, int64_t channels, int64_t lanes) {
  constexpr int64_t W = kWidth<T>;
  Vec<T> acc[V] = {};
  for (int64_t r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int64_t at = r * channels + v * W;
      const bool part = Partial && v == V - 1;
      Vec<T> d = part ? load_partial(dy + at, lanes) : load(dy + at);
      if constexpr (A != Activation::none) {
        d = through<T, A>(d, part ? load_partial(y + at, lanes) : load(y + at));
        if (part)
          store_partial(dz + at, d, lanes);
        else
          store(dz + at, d);
      }
      acc[v] += d;
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    if (Partial && v == V - 1)
      store_partial(sum + v * W, acc[v], lanes);
    else
      store(sum + v * W, acc[v]);
  }
}

template <class T, Activation A>
void all_columns(const T* y, const T* dy, T* dz, T* sum, int64_t rows, int64_t channels) {
  constexpr int64_t W = kWidth<T>;
  int64_t c = 0;
  for (; c + 4 * W <= channels; c += 4 * W) {
    columns<T, A, 4, false>(y + c, dy + c, dz + c, sum + c, rows, channels, W);
  }
  for (; c + W <= channels; c += W) columns<T, A, 1, false>(y + c, dy + c, dz + c, sum + c, rows, channels, W);
  if (c < channels) columns<T, A, 1, true>(y + c, dy + c, dz + c, sum + c, rows, channels, channels - c);
}

template <class T>
void run(Activation activation, const T* y, const T* dy, T* dz, T* sum, int64_t rows, int64_t channels) {
  switch (activation) {
    case Activation::none: return all_columns<T, Activation::none>(dy, dy, dz, sum, rows, channels);
    case Activation::relu: return all_columns<T, Activation::relu>(y, dy, dz, sum, rows, channels);
    case Activation::relu6: return all_columns<T, Activation::relu6>(y, dy, dz, sum, rows, channels);
    case Activation::sigmoid: return all_columns<T, Activation::sigmoid>(y, dy, dz, sum, rows, channels);
    case Activation::tanh: return all_columns<T, Activation::tanh>(y, dy, dz, sum, rows, channels);
  }
}

}  // namespace

template <class T>
BiasGradientTable<T> bias_gradient() {
  return {&run<T>};
}

template BiasGradientTable<float> bias_gradient<float>();
template BiasGradientTable<double> bias_gradient<double>();

}  // namespace juanji::kernels::JUANJI_ISA
