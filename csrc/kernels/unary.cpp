#include "kernels/unary.hpp"

#include "simd/activate.hpp"
#include "simd/erf.hpp"
#include "simd/gates.hpp"
#include "simd/map.hpp"
#include "simd/math.hpp"
#include "simd/round.hpp"
#include "simd/tanh.hpp"
#include "simd/trigonometry.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Functions of a vector under the names of JUANJI_UNARY_KINDS; those missing here are in simd/.

template <class V>
JUANJI_INLINE V negative(V x) {
  return -x;
}

template <class V>
JUANJI_INLINE V reciprocal(V x) {
  return Lane<V>{1} / x;
}

template <class V>
JUANJI_INLINE V relu(V x) {
  return max(V{}, x);
}

template <class V>
JUANJI_INLINE V relu6(V x) {
  return activate<Lane<V>>(Activation::relu6, x);
}

template <class V>
JUANJI_INLINE V rsqrt(V x) {
  return Lane<V>{1} / sqrt(x);
}

// NaN stays, both zeros give +0, as in NumPy.
template <class V>
JUANJI_INLINE V sign(V x) {
  const V one = broadcast(Lane<V>{1});
  const V nonzero = x < V{} ? -one : x;
  return x > V{} ? one : (x == V{} ? V{} : nonzero);
}

template <class V>
JUANJI_INLINE V square(V x) {
  return x * x;
}

template <class T, Activation kActivation>
void gradient(const T* y, const T* dy, T* dx, int64_t n) {
  map(
      n, dx, [](Vec<T> vy, Vec<T> vdy) { return activation_gradient<T>(kActivation, vy, vdy); }, y, dy);
}

}  // namespace

template <class T>
UnaryTable<T> unary() {
  return {{
#define JUANJI_KIND(name)                           \
  [](const T* x, T* y, int64_t n) {                 \
    map(                                            \
        n, y, [](Vec<T> v) { return name(v); }, x); \
  },
              JUANJI_UNARY_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
          },
          {&gradient<T, Activation::none>, &gradient<T, Activation::relu>, &gradient<T, Activation::relu6>,
           &gradient<T, Activation::sigmoid>, &gradient<T, Activation::tanh>}};
}

template UnaryTable<float> unary<float>();
template UnaryTable<double> unary<double>();

}  // namespace juanji::kernels::JUANJI_ISA
