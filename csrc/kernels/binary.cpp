#include "kernels/binary.hpp"

#include "simd/map.hpp"
#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Functions of two vectors under the names of JUANJI_BINARY_KINDS.

template <class V>
JUANJI_INLINE V add(V a, V b) {
  return a + b;
}

template <class V>
JUANJI_INLINE V subtract(V a, V b) {
  return a - b;
}

template <class V>
JUANJI_INLINE V multiply(V a, V b) {
  return a * b;
}

template <class V>
JUANJI_INLINE V divide(V a, V b) {
  return a / b;
}

// NaN if either is, as in NumPy.
template <class V>
JUANJI_INLINE V maximum(V a, V b) {
  return (a > b) | (a != a) ? a : b;
}

template <class V>
JUANJI_INLINE V minimum(V a, V b) {
  return (a < b) | (a != a) ? a : b;
}

// exp(b log a) would lose as many bits as the exponent has, and knows no negative bases: the C library, lane by lane.
template <class V>
JUANJI_INLINE V power(V a, V b) {
  using T = Lane<V>;
  V y{};
  for (int i = 0; i < kWidth<T>; ++i) {
    y[i] = sizeof(T) == 4 ? static_cast<T>(__builtin_powf(static_cast<float>(a[i]), static_cast<float>(b[i])))
                          : static_cast<T>(__builtin_pow(static_cast<double>(a[i]), static_cast<double>(b[i])));
  }
  return y;
}

template <class T, class F>
JUANJI_INLINE void map_rows(Rows<T> a, Rows<T> b, T* y, int64_t rows, int64_t cols, F f) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* ra = a.data + r * a.row_stride;
    const T* rb = b.data + r * b.row_stride;
    T* ry = y + r * cols;
    if (a.step != 0 && b.step != 0) {
      map(cols, ry, f, ra, rb);
    } else if (a.step != 0) {
      const Vec<T> vb = broadcast(*rb);
      map(
          cols, ry, [f, vb](Vec<T> va) { return f(va, vb); }, ra);
    } else if (b.step != 0) {
      const Vec<T> va = broadcast(*ra);
      map(
          cols, ry, [f, va](Vec<T> vb) { return f(va, vb); }, rb);
    } else {
      const T v = f(broadcast(*ra), broadcast(*rb))[0];
      for (int64_t c = 0; c < cols; ++c) ry[c] = v;
    }
  }
}

// y = f(a, b) for results of another size than the arguments; the steps are constants so that the compiler vectorises.
template <class T, class Y, class F>
JUANJI_INLINE void scalar_rows(Rows<T> a, Rows<T> b, Y* y, int64_t rows, int64_t cols, F f) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* ra = a.data + r * a.row_stride;
    const T* rb = b.data + r * b.row_stride;
    Y* ry = y + r * cols;
    if (a.step != 0 && b.step != 0) {
      for (int64_t c = 0; c < cols; ++c) ry[c] = f(ra[c], rb[c]);
    } else if (a.step != 0) {
      for (int64_t c = 0; c < cols; ++c) ry[c] = f(ra[c], *rb);
    } else if (b.step != 0) {
      for (int64_t c = 0; c < cols; ++c) ry[c] = f(*ra, rb[c]);
    } else {
      const Y v = f(*ra, *rb);
      for (int64_t c = 0; c < cols; ++c) ry[c] = v;
    }
  }
}

template <class T>
struct BytesOf {
  typedef uint8_t unaligned __attribute__((vector_size(kWidth<T>), aligned(1), may_alias));
};

template <class T>
void where(Rows<bool> condition, Rows<T> a, Rows<T> b, T* y, int64_t rows, int64_t cols) {
  using Bytes = typename BytesOf<T>::unaligned;
  for (int64_t r = 0; r < rows; ++r) {
    const bool* rc = condition.data + r * condition.row_stride;
    const T* ra = a.data + r * a.row_stride;
    const T* rb = b.data + r * b.row_stride;
    T* ry = y + r * cols;
    if (condition.step == 0) {
      const T* chosen = *rc ? ra : rb;
      const int64_t step = *rc ? a.step : b.step;
      for (int64_t c = 0; c < cols; ++c) ry[c] = chosen[c * step];
      continue;
    }
    const Vec<T> one_a = broadcast(*ra);
    const Vec<T> one_b = broadcast(*rb);
    int64_t c = 0;
    for (; c + kWidth<T> <= cols; c += kWidth<T>) {
      const Bytes bytes = *reinterpret_cast<const Bytes*>(rc + c);
      const auto chosen = __builtin_convertvector(bytes, Vec<Int<T>>) != 0;
      store(ry + c, chosen ? (a.step != 0 ? load(ra + c) : one_a) : (b.step != 0 ? load(rb + c) : one_b));
    }
    for (; c < cols; ++c) ry[c] = rc[c] ? ra[c * a.step] : rb[c * b.step];
  }
}

}  // namespace

template <class T>
BinaryTable<T> binary() {
  return {{
#define JUANJI_KIND(name)                                                         \
  [](Rows<T> a, Rows<T> b, T* y, int64_t rows, int64_t cols) {                    \
    map_rows(a, b, y, rows, cols, [](Vec<T> u, Vec<T> v) { return name(u, v); }); \
  },
              JUANJI_BINARY_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
          },
          {
#define JUANJI_KIND(name, symbol)                                          \
  [](Rows<T> a, Rows<T> b, bool* y, int64_t rows, int64_t cols) {          \
    scalar_rows(a, b, y, rows, cols, [](T u, T v) { return u symbol v; }); \
  },
              JUANJI_COMPARISON_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
          },
          &where<T>};
}

template BinaryTable<float> binary<float>();
template BinaryTable<double> binary<double>();

}  // namespace juanji::kernels::JUANJI_ISA
