// Conversion of contiguous elements to a float type: the inner loop of gathering a batch.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct RowsTable {
  // y[i] = (T)x[i]
  void (*from_uint8)(const uint8_t* x, T* y, int64_t n);
  void (*from_bool)(const bool* x, T* y, int64_t n);
  void (*from_int32)(const int32_t* x, T* y, int64_t n);
  void (*from_int64)(const int64_t* x, T* y, int64_t n);
  void (*from_float)(const float* x, T* y, int64_t n);
  void (*from_double)(const double* x, T* y, int64_t n);
};

JUANJI_KERNEL_FAMILY(RowsTable, rows)

}  // namespace juanji::kernels
