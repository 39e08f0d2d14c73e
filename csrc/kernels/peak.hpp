// Loops that reach what the machine can do, as a kernel family: compiled once per instruction set like the rest.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct PeakTable {
  // `rounds` rounds of independent multiply-adds in registers; returns the floating-point operations done and writes
  // one value to *sink so that nothing is optimised away.
  int64_t (*multiply_add)(T a, T b, int64_t rounds, T* sink);
  // x[i] = y[i] + s * z[i], STREAM's triad
  void (*triad)(T* x, const T* y, const T* z, T s, int64_t n);
};

JUANJI_KERNEL_FAMILY(PeakTable, peak)

}  // namespace juanji::kernels
