// Reductions of a block: along memory, or across rows. ops/reduce cuts large reductions into blocks, so that the
// rounding error of a sum grows with the logarithm of its length.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji {

enum class ReduceKind : int { sum, prod, max, min };
constexpr int kReduceKinds = 4;

namespace kernels {

template <class T>
struct ReduceTable {
  // The reduction of x[0..n), in an order that n determines; max and min give NaN where there is one. Indexed by
  // ReduceKind. No elements: 0, 1, -inf, inf.
  T (*row[kReduceKinds])(const T* x, int64_t n);
  // y[r] = the same of x[r * n .. (r + 1) * n), for r < rows
  void (*rows[kReduceKinds])(const T* x, int64_t n, int64_t rows, T* y);
  // y[c] = reduction over r < n of x[r * stride + c], for c < cols
  void (*columns[kReduceKinds])(const T* x, int64_t n, int64_t stride, int64_t cols, T* y);
  // y[c] = the first r < n (n >= 1) whose x[r * stride + c] is largest, a NaN being larger than all numbers
  void (*argmax)(const T* x, int64_t n, int64_t stride, int64_t cols, int32_t* y);
  // the same for the smallest, a NaN being smaller than all numbers
  void (*argmin)(const T* x, int64_t n, int64_t stride, int64_t cols, int32_t* y);
};

JUANJI_KERNEL_FAMILY(ReduceTable, reduce)

}  // namespace kernels
}  // namespace juanji
