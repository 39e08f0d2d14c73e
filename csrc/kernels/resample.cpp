#include "kernels/resample.hpp"

#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// A pixel of so many channels, known at compile time.
template <class T, int Inner>
JUANJI_INLINE void short_line(const Sums<T>& sums, const T* x, int64_t o, T* y) {
  T sum[Inner] = {};
  for (int64_t j = sums.first[o]; j < sums.first[o + 1]; ++j) {
    const T* from = x + sums.source[j] * Inner;
    for (int c = 0; c < Inner; ++c) sum[c] += sums.weight[j] * from[c];
  }
  for (int c = 0; c < Inner; ++c) y[c] = sum[c];
}

template <class T>
JUANJI_INLINE void line(const Sums<T>& sums, const T* x, int64_t inner, int64_t o, T* y) {
  const int64_t begin = sums.first[o], end = sums.first[o + 1];
  for_vectors<T>(
      inner, [&](int64_t c, auto lanes) __attribute__((always_inline)) {
        Vec<T> sum{};
        for (int64_t j = begin; j < end; ++j) {
          sum += broadcast(sums.weight[j]) * lanes.load(x + sums.source[j] * inner + c);
        }
        lanes.store(y + c, sum);
      });
}

template <class T>
void lines(const Sums<T>& sums, const T* x, int64_t inner, int64_t begin, int64_t end, T* y) {
  for (int64_t i = begin; i < end; ++i) {
    const T* from = x + i / sums.outputs * sums.sources * inner;
    T* to = y + i * inner;
    const int64_t o = i % sums.outputs;
    if (inner == 1) {
      short_line<T, 1>(sums, from, o, to);
    } else if (inner == 3) {
      short_line<T, 3>(sums, from, o, to);
    } else {
      line(sums, from, inner, o, to);
    }
  }
}

}  // namespace

template <class T>
ResampleTable<T> resample() {
  return {&lines<T>};
}

template ResampleTable<float> resample<float>();
template ResampleTable<double> resample<double>();

}  // namespace juanji::kernels::JUANJI_ISA
