#include "ops/tree_sum.hpp"

#include <cstring>

#include "core/parallel.hpp"

namespace juanji {

template <class T>
void tree_sum(T* partial, int64_t count, int64_t size, T* out) {
  parallel_ranges(size, 4096, static_cast<double>(count) * 0.3, [&](int64_t begin, int64_t end) {
    for (int64_t distance = 1; distance < count; distance *= 2) {
      for (int64_t i = 0; i + distance < count; i += 2 * distance) {
        T* to = partial + i * size;
        const T* from = partial + (i + distance) * size;
        for (int64_t j = begin; j < end; ++j) to[j] += from[j];
      }
    }
    std::memcpy(out + begin, partial + begin, static_cast<size_t>(end - begin) * sizeof(T));
  });
}

template void tree_sum<float>(float*, int64_t, int64_t, float*);
template void tree_sum<double>(double*, int64_t, int64_t, double*);

}  // namespace juanji
