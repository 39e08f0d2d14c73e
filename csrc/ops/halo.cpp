#include "ops/halo.hpp"

#include <algorithm>
#include <cstring>

namespace juanji {

std::vector<Part> split_rows(int64_t begin, int64_t end, int64_t rows_per_image) {
  std::vector<Part> parts;
  while (begin < end) {
    const int64_t image = begin / rows_per_image;
    const int64_t first = begin - image * rows_per_image;
    const int64_t last = std::min(rows_per_image, first + end - begin);
    parts.push_back({image, first, last});
    begin += last - first;
  }
  return parts;
}

template <class T>
void copy_with_halo(const T* image, int64_t h, int64_t w, int64_t channels, int64_t top, int64_t left, int64_t row,
                    int64_t count, int64_t width, T* dst) {
  const auto bytes = [&](int64_t pixels) {
    return static_cast<size_t>(std::max<int64_t>(0, pixels) * channels) * sizeof(T);
  };
  // Columns of the image that fall inside [0, width): a window may start behind padding or end before the image does.
  const int64_t first = std::min(width, std::max<int64_t>(0, left));
  const int64_t inside = std::max<int64_t>(0, std::min(w - std::max<int64_t>(0, -left), width - first));
  for (int64_t r = row; r < row + count; ++r, dst += width * channels) {
    const int64_t source = r - top;
    if (source < 0 || source >= h) {
      std::memset(static_cast<void*>(dst), 0, bytes(width));
      continue;
    }
    const T* src = image + (source * w + std::max<int64_t>(0, -left)) * channels;
    std::memset(static_cast<void*>(dst), 0, bytes(first));
    std::memcpy(static_cast<void*>(dst + first * channels), src, bytes(inside));
    std::memset(static_cast<void*>(dst + (first + inside) * channels), 0, bytes(width - first - inside));
  }
}

template void copy_with_halo<float>(const float*, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                                    int64_t, float*);
template void copy_with_halo<double>(const double*, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                                     int64_t, double*);

}  // namespace juanji
