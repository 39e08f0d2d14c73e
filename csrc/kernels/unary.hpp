// Element-wise functions of one array, and the gradients of activations from their output.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"
#include "kernels/dispatch.hpp"

namespace juanji {

// Every function of one array. A kind is added here and defined, under the same name, in kernels/unary.cpp.
#define JUANJI_UNARY_KINDS(X) \
  X(abs)                      \
  X(ceil)                     \
  X(cos)                      \
  X(erf)                      \
  X(exp)                      \
  X(expm1)                    \
  X(floor)                    \
  X(gelu)                     \
  X(gelu_slope)               \
  X(gelu_tanh)                \
  X(gelu_tanh_slope)          \
  X(log)                      \
  X(log1p)                    \
  X(negative)                 \
  X(reciprocal)               \
  X(relu)                     \
  X(relu6)                    \
  X(round)                    \
  X(rsqrt)                    \
  X(sigmoid)                  \
  X(sign)                     \
  X(silu)                     \
  X(silu_slope)               \
  X(sin)                      \
  X(softplus)                 \
  X(sqrt)                     \
  X(square)                   \
  X(tanh)                     \
  X(trunc)

enum class UnaryKind : int {
#define JUANJI_KIND(name) name,
  JUANJI_UNARY_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

#define JUANJI_KIND(name) +1
constexpr int kUnaryKinds = 0 JUANJI_UNARY_KINDS(JUANJI_KIND);
#undef JUANJI_KIND

namespace kernels {

template <class T>
struct UnaryTable {
  // y[i] = f(x[i]); y may be x. Indexed by UnaryKind.
  void (*forward[kUnaryKinds])(const T* x, T* y, int64_t n);
  // dx[i] = dy[i] * f'(x[i]), where y[i] = f(x[i]); dx may be dy. Indexed by Activation.
  void (*activation_gradient[kActivations])(const T* y, const T* dy, T* dx, int64_t n);
};

JUANJI_KERNEL_FAMILY(UnaryTable, unary)

}  // namespace kernels
}  // namespace juanji
