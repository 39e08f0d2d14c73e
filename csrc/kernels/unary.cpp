#include "kernels/unary.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Applies f, a function of vectors, to every element of its arguments.
template <class T, class F, class... X>
JUANJI_INLINE void map(int64_t n, T* y, F f, const X*... x) {
  int64_t i = 0;
  for (; i + kWidth<T> <= n; i += kWidth<T>) store(y + i, f(load(x + i)...));
  if (i < n) store_partial(y + i, f(load_partial(x + i, n - i)...), n - i);
}

template <class T>
void relu(const T* x, T* y, int64_t n) {
  map(n, y, [](Vec<T> v) { return max(zero<T>(), v); }, x);
}

template <class T>
void relu_gradient(const T* y, const T* dy, T* dx, int64_t n) {
  map(n, dx, [](Vec<T> vy, Vec<T> vdy) { return vy > zero<T>() ? vdy : zero<T>(); }, y, dy);
}

}  // namespace

template <class T>
UnaryTable<T> unary() {
  return {&relu<T>, &relu_gradient<T>};
}

template UnaryTable<float> unary<float>();
template UnaryTable<double> unary<double>();

}  // namespace juanji::kernels::JUANJI_ISA
