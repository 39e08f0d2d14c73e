// Winograd's F(4×4, 3×3).
#include "kernels/winograd_tile.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
constexpr T kA = T(0.70710678118654752440);
template <class T>
constexpr T kB = T(1.41421356237309504880);
template <class T>
constexpr T kGa = T(-2.0 / 3.0);  // 1 over the product of a's differences to the other points
template <class T>
constexpr T kGb = T(1.0 / 6.0);

struct LargeTile {
  static constexpr int kPixels = 4;
  static constexpr int kElements = 6;

  template <class T>
  JUANJI_INLINE_MEMBER static void times_bt(const Vec<T> (&d)[kElements], Vec<T> (&v)[kElements]) {
    const Vec<T> a = broadcast(kA<T>), b = broadcast(kB<T>), half = broadcast(T(0.5)), two = broadcast(T(2));
    const Vec<T> middle = broadcast(T(2.5));
    const Vec<T> even_a = d[4] - two * d[2], odd_a = d[3] - two * d[1];
    const Vec<T> even_b = d[4] - half * d[2], odd_b = d[3] - half * d[1];
    v[0] = d[0] + d[4] - middle * d[2];
    v[1] = even_a + a * odd_a;
    v[2] = even_a - a * odd_a;
    v[3] = even_b + b * odd_b;
    v[4] = even_b - b * odd_b;
    v[5] = d[1] + d[5] - middle * d[3];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_at(const Vec<T> (&m)[kElements], Vec<T> (&y)[kPixels]) {
    const Vec<T> a = broadcast(kA<T>), b = broadcast(kB<T>), half = broadcast(T(0.5)), two = broadcast(T(2));
    const Vec<T> even_a = m[1] + m[2], odd_a = a * (m[1] - m[2]);
    const Vec<T> even_b = m[3] + m[4], odd_b = b * (m[3] - m[4]);
    y[0] = m[0] + even_a + even_b;
    y[1] = odd_a + odd_b;
    y[2] = half * even_a + two * even_b;
    y[3] = half * odd_a + (two * odd_b + m[5]);
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_a(const Vec<T> (&y)[kPixels], Vec<T> (&d)[kElements]) {
    const Vec<T> a = broadcast(kA<T>), b = broadcast(kB<T>), half = broadcast(T(0.5)), two = broadcast(T(2));
    const Vec<T> even_a = y[0] + half * y[2], odd_a = y[1] + half * y[3];
    const Vec<T> even_b = y[0] + two * y[2], odd_b = y[1] + two * y[3];
    d[0] = y[0];
    d[1] = even_a + a * odd_a;
    d[2] = even_a - a * odd_a;
    d[3] = even_b + b * odd_b;
    d[4] = even_b - b * odd_b;
    d[5] = y[3];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_g(const Vec<T> (&g)[3], Vec<T> (&u)[kElements]) {
    const Vec<T> half = broadcast(T(0.5)), two = broadcast(T(2));
    const Vec<T> even_a = broadcast(kGa<T>) * (g[0] + half * g[2]), odd_a = broadcast(kGa<T> * kA<T>) * g[1];
    const Vec<T> even_b = broadcast(kGb<T>) * (g[0] + two * g[2]), odd_b = broadcast(kGb<T> * kB<T>) * g[1];
    u[0] = g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_gt(const Vec<T> (&s)[kElements], Vec<T> (&g)[3]) {
    const Vec<T> half = broadcast(T(0.5)), two = broadcast(T(2));
    const Vec<T> even_a = broadcast(kGa<T>) * (s[1] + s[2]), odd_a = broadcast(kGa<T> * kA<T>) * (s[1] - s[2]);
    const Vec<T> even_b = broadcast(kGb<T>) * (s[3] + s[4]), odd_b = broadcast(kGb<T> * kB<T>) * (s[3] - s[4]);
    g[0] = s[0] + even_a + even_b;
    g[1] = odd_a + odd_b;
    g[2] = half * even_a + (two * even_b + s[5]);
  }
};

}  // namespace

template <class T>
WinogradTable<T> winograd_4x4() {
  return winograd_table<T, LargeTile>();
}

template WinogradTable<float> winograd_4x4<float>();
template WinogradTable<double> winograd_4x4<double>();

}  // namespace juanji::kernels::JUANJI_ISA
