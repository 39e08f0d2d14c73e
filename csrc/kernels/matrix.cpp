#include "kernels/matrix.hpp"

#include "kernels/matrix_tile.hpp"
#include "simd/transpose.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
void pack(const T* b, int64_t b_step, int64_t depth, int64_t columns, T* dst) {
  constexpr int64_t N = kPanel<T>;
  constexpr int64_t W = kWidth<T>;
  constexpr int64_t kAhead = 12;  // rows of B lie far apart: the hardware does not foresee the next ones
  for (int64_t k = 0; k < depth; ++k, b += b_step, dst += N) {
    if (k + kAhead < depth) {
      for (int64_t n = 0; n < columns; n += 64 / static_cast<int64_t>(sizeof(T))) {
        __builtin_prefetch(b + kAhead * b_step + n);
      }
    }
    if (columns == N) {
#pragma GCC unroll 4
      for (int64_t n = 0; n < N; n += W) store(dst + n, load(b + n));
    } else {
#pragma GCC unroll 4
      for (int64_t n = 0; n < N; n += W) {
        const int64_t lanes = columns - n;
        store(dst + n, lanes >= W ? load(b + n) : lanes > 0 ? load_partial(b + n, lanes) : zero<T>());
      }
    }
  }
}

// W columns of the panel from W rows of B, of which `rows` exist, for `length` <= W values of k.
template <class T>
JUANJI_INLINE void pack_square(const T* b, int64_t b_step, int64_t rows, int64_t length, T* dst) {
  constexpr int64_t W = kWidth<T>;
  Vec<T> block[W];
#pragma GCC unroll 16
  for (int64_t i = 0; i < W; ++i) {
    block[i] = i >= rows ? zero<T>() : length == W ? load(b + i * b_step) : load_partial(b + i * b_step, length);
  }
  transpose<T>(block);
#pragma GCC unroll 16
  for (int64_t i = 0; i < W; ++i) {
    if (i < length) store(dst + i * kPanel<T>, block[i]);
  }
}

template <class T>
void pack_transposed(const T* b, int64_t b_step, int64_t depth, int64_t columns, T* dst) {
  constexpr int64_t N = kPanel<T>;
  constexpr int64_t W = kWidth<T>;
  for (int64_t k = 0; k < depth; k += W) {
    for (int64_t n = 0; n < N; n += W) {
      const T* from = b + (n < columns ? n * b_step : 0) + k;
      if (n + W <= columns && k + W <= depth)
        pack_square(from, b_step, W, W, dst + k * N + n);
      else
        pack_square(from, b_step, columns - n, depth - k < W ? depth - k : W, dst + k * N + n);
    }
  }
}

}  // namespace

template <class T>
MatrixTable<T> matrix() {
  return {tile_rows(kTileVectors), kPanel<T>,           kWidth<T>, &multiply_rows<T>,
          &multiply_columns<T>,    &multiply_stream<T>, &pack<T>,  &pack_transposed<T>};
}

template MatrixTable<float> matrix<float>();
template MatrixTable<double> matrix<double>();

}  // namespace juanji::kernels::JUANJI_ISA
