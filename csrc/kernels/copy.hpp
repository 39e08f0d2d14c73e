// Copies between dense and strided memory. T stands for any type of its size: uint8_t, uint32_t or uint64_t.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct CopyTable {
  // y[r * cols + c] = x[r * row_stride + c * step] for r < rows, c < cols; strides may be 0 or negative
  void (*gather)(const T* x, int64_t row_stride, int64_t step, T* y, int64_t rows, int64_t cols);
  // y[r * row_stride + c * step] = x[r * cols + c]
  void (*scatter)(const T* x, T* y, int64_t row_stride, int64_t step, int64_t rows, int64_t cols);
  // y[i * y_stride + j] = x[i + j * x_stride] for i < m, j < n
  void (*transpose)(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t m, int64_t n);
};

JUANJI_KERNEL_FAMILY(CopyTable, copy)

}  // namespace juanji::kernels
