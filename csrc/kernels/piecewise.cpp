#include "kernels/piecewise.hpp"

#include "simd/map.hpp"
#include "simd/piecewise.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
PiecewiseTable<T> piecewise() {
  return {{
#define JUANJI_KIND(name)                                         \
  [](const T* x, T* y, int64_t n, T p, T q) {                     \
    const Vec<T> vp = broadcast(p), vq = broadcast(q);            \
    map(                                                          \
        n, y, [vp, vq](Vec<T> v) { return name(v, vp, vq); }, x); \
  },
              JUANJI_PIECEWISE_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
          },
          {
#define JUANJI_KIND(name)                                                                        \
  [](const T* x, const T* dy, T* dx, int64_t n, T p, T q) {                                      \
    const Vec<T> vp = broadcast(p), vq = broadcast(q);                                           \
    map(                                                                                         \
        n, dx, [vp, vq](Vec<T> v, Vec<T> vdy) { return vdy * name##_slope(v, vp, vq); }, x, dy); \
  },
              JUANJI_PIECEWISE_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
          }};
}

template PiecewiseTable<float> piecewise<float>();
template PiecewiseTable<double> piecewise<double>();

}  // namespace juanji::kernels::JUANJI_ISA
