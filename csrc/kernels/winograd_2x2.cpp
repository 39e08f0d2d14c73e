// Winograd's F(2×2, 3×3).
#include "kernels/winograd_tile.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

struct SmallTile {
  static constexpr int kPixels = 2;
  static constexpr int kElements = 4;

  template <class T>
  JUANJI_INLINE_MEMBER static void times_bt(const Vec<T> (&d)[kElements], Vec<T> (&v)[kElements]) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_at(const Vec<T> (&m)[kElements], Vec<T> (&y)[kPixels]) {
    y[0] = m[0] + (m[1] + m[2]);
    y[1] = (m[1] - m[2]) - m[3];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_a(const Vec<T> (&y)[kPixels], Vec<T> (&d)[kElements]) {
    d[0] = y[0];
    d[1] = y[0] + y[1];
    d[2] = y[0] - y[1];
    d[3] = -y[1];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_g(const Vec<T> (&g)[3], Vec<T> (&u)[kElements]) {
    const Vec<T> half = broadcast(T(0.5));
    const Vec<T> outer = g[0] + g[2];
    u[0] = g[0];
    u[1] = (outer + g[1]) * half;
    u[2] = (outer - g[1]) * half;
    u[3] = g[2];
  }

  template <class T>
  JUANJI_INLINE_MEMBER static void times_gt(const Vec<T> (&s)[kElements], Vec<T> (&g)[3]) {
    const Vec<T> half = broadcast(T(0.5));
    const Vec<T> middle = (s[1] + s[2]) * half;
    g[0] = s[0] + middle;
    g[1] = (s[1] - s[2]) * half;
    g[2] = middle + s[3];
  }
};

}  // namespace

template <class T>
WinogradTable<T> winograd_2x2() {
  return winograd_table<T, SmallTile>();
}

template WinogradTable<float> winograd_2x2<float>();
template WinogradTable<double> winograd_2x2<double>();

}  // namespace juanji::kernels::JUANJI_ISA
