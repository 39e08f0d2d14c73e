// The loops of Winograd's method over tiles and channels, for a tile of any size. Only kernel files may include this.
//
// `Tile` has kPixels (m, along a side), kElements (n) and the products of the method's matrices with a column:
// times_bt, times_at, times_a, times_g and times_gt. A large tile has more elements than there are registers: what lies
// between the transforms of its columns and of its rows goes through the stack.
#pragma once

#include "kernels/tiling.hpp"
#include "kernels/winograd.hpp"
#include "simd/activate.hpp"
#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Asks for a pixel of the next tile, to read (0) or to write it (1): they lie too far apart for the processor to guess.
template <int Write, class T>
JUANJI_INLINE void prefetch_pixel(const T* pixel, int64_t channels) {
  for (int64_t i = 0; i < channels; i += kLine<T>) __builtin_prefetch(pixel + i, Write);
}

// M t Mᵀ of a square tile t: load_at(row, column) gives it, store_at(row, column, vector) takes the result; `times`
// multiplies a column with M, which makes kTo elements of kFrom.
template <class T, int kFrom, int kTo, class Times, class Load, class Store>
JUANJI_INLINE void both_sides(Times times, Load load_at, Store store_at) {
  Vec<T> between[kTo][kFrom];
#pragma GCC unroll 1  // all of a large tile would need an address register for each element
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
  [](auto& from, auto& to) __attribute__((always_inline)) { Tile::template function<T>(from, to); }

template <class T, class Tile, bool kInside, class Lanes>
JUANJI_INLINE void input_vector(const WinogradInput<T>& p, const WinogradWindow& w, const T* x, T* a, Lanes lanes) {
  both_sides<T, Tile::kElements, Tile::kElements>(
      JUANJI_TIMES(times_bt),
      [&](int i, int j) __attribute__((always_inline)) {
        const bool exists = kInside || (i >= w.top && i < w.bottom && j >= w.left && j < w.right);
        return exists ? lanes.load(x + i * p.row_step + j * p.pixel_step) : zero<T>();
      },
      [&](int i, int j, Vec<T> v)
          __attribute__((always_inline)) { store(a + (Tile::kElements * i + j) * p.matrix_step, v); });
}

template <class T, class Tile, bool kInside>
JUANJI_INLINE void input_tile(const WinogradInput<T>& p, int64_t t) {
  const WinogradWindow& w = p.windows[t];
  T* a = p.a + t * p.tile_step;
  for_vectors<T>(
      p.channels, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        input_vector<T, Tile, kInside>(p, w, p.x + (w.first + i), a + i, lanes);
      });
}

template <class T, class Tile>
void input(const WinogradInput<T>& params) {
  const WinogradInput<T> p = params;
  constexpr int n = Tile::kElements;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const WinogradWindow& w = p.windows[t];
    if (t + 1 < p.tiles) {
      const T* next = p.x + p.windows[t + 1].first;
      for (int i = 0; i < n; ++i) {
        for (int j = n - Tile::kPixels; j < n; ++j) {
          prefetch_pixel<0>(next + i * p.row_step + j * p.pixel_step, p.channels);
        }
      }
    }
    if (w.top == 0 && w.left == 0 && w.bottom == n && w.right == n)
      input_tile<T, Tile, true>(p, t);
    else
      input_tile<T, Tile, false>(p, t);
  }
}

template <class T, class Tile, Activation kActivation, bool kAdd, class Lanes>
JUANJI_INLINE void output_vector(const WinogradOutput<T>& p, const T* c, T* const* y, int64_t i, Lanes lanes) {
  const Vec<T> bias = p.bias == nullptr ? zero<T>() : lanes.load(p.bias + i);
  const int64_t to = p.y_shift + i;
  both_sides<T, Tile::kElements, Tile::kPixels>(
      JUANJI_TIMES(times_at),
      [&](int r, int s)
          __attribute__((always_inline)) { return lanes.load(c + (Tile::kElements * r + s) * p.matrix_step + i); },
      [&](int r, int s, Vec<T> v) __attribute__((always_inline)) {
        T* pixel = y[Tile::kPixels * r + s] + to;
        v += bias;
        if constexpr (kAdd) v += lanes.load(pixel);
        lanes.store(pixel, activate<T>(kActivation, v));
      });
}

template <class T, class Tile, Activation kActivation, bool kAdd>
void output_with(const WinogradOutput<T>& params) {
  const WinogradOutput<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* c = p.c + t * p.tile_step;
    T* const* y = p.y + Tile::kPixels * Tile::kPixels * t;
    if (t + 1 < p.tiles) {
      for (int e = 0; e < Tile::kPixels * Tile::kPixels; ++e) {
        prefetch_pixel<1>(y[Tile::kPixels * Tile::kPixels + e] + p.y_shift, p.channels);
      }
    }
    for_vectors<T>(
        p.channels, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          output_vector<T, Tile, kActivation, kAdd>(p, c, y, i, lanes);
        });
  }
}

template <class T, class Tile, bool kAdd>
void output_of(const WinogradOutput<T>& p) {
  switch (p.activation) {
    case Activation::none: return output_with<T, Tile, Activation::none, kAdd>(p);
    case Activation::relu: return output_with<T, Tile, Activation::relu, kAdd>(p);
    case Activation::relu6: return output_with<T, Tile, Activation::relu6, kAdd>(p);
    case Activation::sigmoid: return output_with<T, Tile, Activation::sigmoid, kAdd>(p);
    case Activation::tanh: return output_with<T, Tile, Activation::tanh, kAdd>(p);
  }
}

template <class T, class Tile>
void output(const WinogradOutput<T>& p) {
  p.add ? output_of<T, Tile, true>(p) : output_of<T, Tile, false>(p);
}

template <class T, class Tile>
void weights(const WinogradWeights<T>& params) {
  const WinogradWeights<T> p = params;
  for (int64_t c = 0; c < p.channels; ++c) {
    for (int64_t o = 0; o < kPanel<T>; o += kWidth<T>) {
      const int64_t lanes = p.columns - o;
      const T* w = p.w + c * p.channel_step + (lanes > 0 ? o : 0);
      T* packed = p.packed + c * kPanel<T> + o;
      both_sides<T, 3, Tile::kElements>(
          JUANJI_TIMES(times_g),
          [&](int i, int j) __attribute__((always_inline)) {
            const T* tap = w + (3 * i + j) * p.tap_step;
            return lanes >= kWidth<T> ? load(tap) : lanes > 0 ? load_partial(tap, lanes) : zero<T>();
          },
          [&](int i, int j, Vec<T> v)
              __attribute__((always_inline)) { store(packed + (Tile::kElements * i + j) * p.matrix_step, v); });
    }
  }
}

template <class T, class Tile>
void output_gradient(const WinogradOutputGradient<T>& params) {
  const WinogradOutputGradient<T> p = params;
  for (int64_t t = 0; t < p.tiles; ++t) {
    const T* const* y = p.dy + Tile::kPixels * Tile::kPixels * t;
    T* d = p.d + t * p.tile_step;
    if (t + 1 < p.tiles) {
      for (int s = 0; s < Tile::kPixels * Tile::kPixels; ++s) {
        prefetch_pixel<0>(y[Tile::kPixels * Tile::kPixels + s] + p.dy_shift, p.channels);
      }
    }
    for_vectors<T>(
        p.channels, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          both_sides<T, Tile::kPixels, Tile::kElements>(
              JUANJI_TIMES(times_a),
              [&](int r, int s)
                  __attribute__((always_inline)) { return lanes.load(y[Tile::kPixels * r + s] + p.dy_shift + i); },
              [&](int r, int s, Vec<T> v)
                  __attribute__((always_inline)) { store(d + i + (Tile::kElements * r + s) * p.matrix_step, v); });
        });
  }
}

template <class T, class Tile>
void weight_gradient(const WinogradWeightGradient<T>& params) {
  const WinogradWeightGradient<T> p = params;
  for (int64_t c = 0; c < p.channels; ++c) {
    const T* s = p.s + c * p.row_step;
    T* dw = p.dw + c * p.channel_step;
    for_vectors<T>(
        p.columns, [&](int64_t n, auto lanes) __attribute__((always_inline)) {
          both_sides<T, Tile::kElements, 3>(
              JUANJI_TIMES(times_gt),
              [&](int i, int j) __attribute__((always_inline)) {
                return lanes.load(s + n + (Tile::kElements * i + j) * p.matrix_step);
              },
              [&](int i, int j, Vec<T> v)
                  __attribute__((always_inline)) { lanes.store(dw + n + (3 * i + j) * p.tap_step, v); });
        });
  }
}

#undef JUANJI_TIMES

template <class T, class Tile>
WinogradTable<T> winograd_table() {
  return {Tile::kPixels,     Tile::kElements * Tile::kElements, &input<T, Tile>,          &output<T, Tile>,
          &weights<T, Tile>, &output_gradient<T, Tile>,         &weight_gradient<T, Tile>};
}

}  // namespace
}  // namespace juanji::kernels::JUANJI_ISA
