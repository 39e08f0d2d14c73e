// The sizes that pooling kernels need of one image and the window that slides over it.
#pragma once

#include <stdint.h>

namespace juanji::kernels {

// Output pixel (i, j) looks at the input pixels (i*sh - top + p, j*sw - left + q), 0 <= p < kh, 0 <= q < kw, that lie
// inside h × w; each window holds at least one of them.
struct PoolShape {
  int64_t h, w, c;
  int64_t oh, ow;
  int64_t kh, kw;
  int64_t sh, sw;
  int64_t top, left;
};

}  // namespace juanji::kernels
