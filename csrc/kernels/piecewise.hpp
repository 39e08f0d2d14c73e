// Activations that bend, with up to two parameters, and their gradients from the input.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji {

// Every such activation. A kind is added here and defined, with its slope, in simd/piecewise.hpp.
#define JUANJI_PIECEWISE_KINDS(X) \
  X(clipped_relu)                 \
  X(elu)                          \
  X(hard_sigmoid)                 \
  X(hard_silu)                    \
  X(leaky_relu)

enum class PiecewiseKind : int {
#define JUANJI_KIND(name) name,
  JUANJI_PIECEWISE_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

#define JUANJI_KIND(name) +1
constexpr int kPiecewiseKinds = 0 JUANJI_PIECEWISE_KINDS(JUANJI_KIND);
#undef JUANJI_KIND

namespace kernels {

// Indexed by PiecewiseKind.
template <class T>
struct PiecewiseTable {
  // y[i] = f(x[i]); y may be x
  void (*forward[kPiecewiseKinds])(const T* x, T* y, int64_t n, T p, T q);
  // dx[i] = dy[i] * f'(x[i]); dx may be dy
  void (*gradient[kPiecewiseKinds])(const T* x, const T* dy, T* dx, int64_t n, T p, T q);
};

JUANJI_KERNEL_FAMILY(PiecewiseTable, piecewise)

}  // namespace kernels
}  // namespace juanji
