// Element-wise loops over vectors.
#pragma once

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {

// y[i] = f(x[i]...) for i < n, where f takes and gives vectors.
template <class T, class F, class... X>
JUANJI_INLINE void map(int64_t n, T* y, F f, const X*... x) {
  int64_t i = 0;
  for (; i + kWidth<T> <= n; i += kWidth<T>) store(y + i, f(load(x + i)...));
  if (i < n) store_partial(y + i, f(load_partial(x + i, n - i)...), n - i);
}

}  // namespace juanji::kernels::JUANJI_ISA
