#include "kernels/peak.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Two units times a latency of four or five cycles need ten chains; twelve and two operands fit sixteen registers.
constexpr int kChains = 12;
constexpr int kUnroll = 8;

template <class T>
int64_t multiply_add(T a, T b, int64_t rounds, T* sink) {
  const Vec<T> va = broadcast(a);
  const Vec<T> vb = broadcast(b);
  Vec<T> sum[kChains];
  for (int i = 0; i < kChains; ++i) sum[i] = broadcast(static_cast<T>(i));
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 8
    for (int u = 0; u < kUnroll; ++u) {
#pragma GCC unroll 12
      for (int i = 0; i < kChains; ++i) sum[i] = sum[i] * va + vb;
    }
  }
  for (int i = 1; i < kChains; ++i) sum[0] += sum[i];
  *sink = sum_lanes<T>(sum[0]);
  return rounds * kUnroll * kChains * kWidth<T> * 2;
}

template <class T>
void triad(T* x, const T* y, const T* z, T s, int64_t n) {
  const Vec<T> vs = broadcast(s);
  int64_t i = 0;
  for (; i + kWidth<T> <= n; i += kWidth<T>) store(x + i, load(y + i) + vs * load(z + i));
  for (; i < n; ++i) x[i] = y[i] + s * z[i];
}

}  // namespace

template <class T>
PeakTable<T> peak() {
  return {&multiply_add<T>, &triad<T>};
}

template PeakTable<float> peak<float>();
template PeakTable<double> peak<double>();

}  // namespace juanji::kernels::JUANJI_ISA
