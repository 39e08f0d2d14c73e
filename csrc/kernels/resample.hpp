// Weighted sums along one axis: resizing.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// Output o is the sum of weight[j] · x[source[j]] for first[o] <= j < first[o + 1].
template <class T>
struct Sums {
  int64_t sources, outputs;
  const int64_t* first;
  const int64_t* source;
  const T* weight;
};

template <class T>
struct ResampleTable {
  // x (outer, sources, inner) -> y (outer, outputs, inner): lines begin .. end-1 of the outer * outputs lines of y.
  void (*lines)(const Sums<T>& sums, const T* x, int64_t inner, int64_t begin, int64_t end, T* y);
};

JUANJI_KERNEL_FAMILY(ResampleTable, resample)

}  // namespace juanji::kernels
