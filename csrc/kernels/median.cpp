#include "kernels/median.hpp"

#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
JUANJI_INLINE void exchange(Vec<T>& smaller, Vec<T>& larger) {
  const Vec<T> low = min(smaller, larger), high = max(larger, smaller);
  smaller = low;
  larger = high;
}

// Forgetful selection: of more than half of the elements, neither the smallest nor the largest can be in the middle.
// Both go and the next element comes, until one is left. An even number is made odd by an infinity.
template <class T>
void line(const T* const* lines, int64_t count, int64_t n, void* scratch, T* y) {
  Vec<T>* kept = static_cast<Vec<T>*>(scratch);
  const int64_t odd = count | 1;
  const T infinity = static_cast<T>(__builtin_inf());
  for_vectors<T>(
      n, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        const auto element = [&](int64_t k) __attribute__((always_inline)) {
          return k < count ? lanes.load(lines[k] + i) : broadcast(infinity);
        };
        int64_t size = odd == 1 ? 1 : odd / 2 + 2;
        for (int64_t k = 0; k < size; ++k) kept[k] = element(k);
        for (int64_t next = size; size > 1; ++next) {
          for (int64_t k = 1; k < size; ++k) exchange<T>(kept[0], kept[k]);
          for (int64_t k = 1; k < size - 1; ++k) exchange<T>(kept[k], kept[size - 1]);
          if (next < odd) {
            kept[0] = element(next);
            --size;
          } else {
            kept[0] = kept[1];
            size = 1;
          }
        }
        lanes.store(y + i, kept[0]);
      });
}

}  // namespace

template <class T>
MedianTable<T> median() {
  return {&line<T>};
}

template MedianTable<float> median<float>();
template MedianTable<double> median<double>();

}  // namespace juanji::kernels::JUANJI_ISA
