#include "kernels/copy.hpp"

#include "simd/transpose.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

constexpr int64_t kShortBytes = 512;  // up to here a loop is faster than a call of memcpy

template <class T, int kCols>
JUANJI_INLINE void copy_few(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t rows) {
  for (int64_t r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < kCols; ++c) y[r * y_stride + c] = x[r * x_stride + c];
  }
}

template <class T>
JUANJI_INLINE void copy_run(const T* x, T* y, int64_t n) {
  constexpr int64_t W = kWidth<T>;
  if (n < W || n * static_cast<int64_t>(sizeof(T)) > kShortBytes) {
    __builtin_memcpy(y, x, static_cast<size_t>(n) * sizeof(T));
    return;
  }
  for (int64_t c = 0; c + W <= n; c += W) store(y + c, load(x + c));
  store(y + n - W, load(x + n - W));  // may overlap the vector before
}

template <class T>
JUANJI_INLINE void copy_rows(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t rows, int64_t cols) {
  switch (cols) {
    case 1: return copy_few<T, 1>(x, x_stride, y, y_stride, rows);
    case 2: return copy_few<T, 2>(x, x_stride, y, y_stride, rows);
    case 3: return copy_few<T, 3>(x, x_stride, y, y_stride, rows);
    case 4: return copy_few<T, 4>(x, x_stride, y, y_stride, rows);
    default: break;
  }
  for (int64_t r = 0; r < rows; ++r) copy_run(x + r * x_stride, y + r * y_stride, cols);
}

template <class T>
void gather(const T* x, int64_t row_stride, int64_t step, T* y, int64_t rows, int64_t cols) {
  if (step == 1) return copy_rows(x, row_stride, y, cols, rows, cols);
  for (int64_t r = 0; r < rows; ++r, x += row_stride, y += cols) {
    if (step == 0) {
      const T value = *x;
      for (int64_t c = 0; c < cols; ++c) y[c] = value;
    } else if (step == -1) {
      for (int64_t c = 0; c < cols; ++c) y[c] = x[-c];
    } else if (step == 2) {
      for (int64_t c = 0; c < cols; ++c) y[c] = x[2 * c];
    } else {
      for (int64_t c = 0; c < cols; ++c) y[c] = x[c * step];
    }
  }
}

template <class T>
void scatter(const T* x, T* y, int64_t row_stride, int64_t step, int64_t rows, int64_t cols) {
  if (step == 1) return copy_rows(x, cols, y, row_stride, rows, cols);
  for (int64_t r = 0; r < rows; ++r, x += cols, y += row_stride) {
    for (int64_t c = 0; c < cols; ++c) y[c * step] = x[c];
  }
}

template <class T>
JUANJI_INLINE void transpose_square(const T* x, int64_t x_stride, T* y, int64_t y_stride) {
  Vec<T> block[kWidth<T>];
  for (int j = 0; j < kWidth<T>; ++j) block[j] = load(x + j * x_stride);
  transpose<T>(block);
  for (int i = 0; i < kWidth<T>; ++i) store(y + i * y_stride, block[i]);
}

template <class T>
JUANJI_INLINE void transpose_loop(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t m, int64_t n) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) y[i * y_stride + j] = x[i + j * x_stride];
  }
}

template <class T>
void transpose_any(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t m, int64_t n) {
  if constexpr (sizeof(T) == 1) {
    transpose_loop(x, x_stride, y, y_stride, m, n);
  } else {
    constexpr int64_t W = kWidth<T>;
    const int64_t whole_m = m / W * W, whole_n = n / W * W;
    constexpr int64_t L = 64 / static_cast<int64_t>(sizeof(T));  // a cache line, read and written as a whole
    for (int64_t i = 0; i < whole_m; i += L) {
      for (int64_t j = 0; j < whole_n; j += L) {
        for (int64_t p = i; p < i + L && p < whole_m; p += W) {
          for (int64_t q = j; q < j + L && q < whole_n; q += W) {
            transpose_square(x + p + q * x_stride, x_stride, y + p * y_stride + q, y_stride);
          }
        }
      }
    }
    transpose_loop(x + whole_m, x_stride, y + whole_m * y_stride, y_stride, m - whole_m, whole_n);
    transpose_loop(x + whole_n * x_stride, x_stride, y + whole_n, y_stride, m, n - whole_n);
  }
}

}  // namespace

template <class T>
CopyTable<T> copy() {
  return {&gather<T>, &scatter<T>, &transpose_any<T>};
}

template CopyTable<uint8_t> copy<uint8_t>();
template CopyTable<uint32_t> copy<uint32_t>();
template CopyTable<uint64_t> copy<uint64_t>();

}  // namespace juanji::kernels::JUANJI_ISA
