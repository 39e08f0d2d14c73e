// Max pooling by 2×2 windows with stride 2, a row at a time: the case that networks are made of. The results are those
// of kernels/max_pool.hpp to the bit; the argmax of a window is 2*p + q for its pixel (p, q).
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// Pooled pixel t sees the pixels 2*t and 2*t + 1 of the rows `top` and `bottom`. They may lie in different buffers, and
// their pixels further apart than c, so that a convolution can pool what it has just computed.
template <class T>
struct MaxPoolRow {
  const T* top;
  const T* bottom;
  int64_t x_step;  // elements from a pixel to the next, c or more
  T* y;
  uint8_t* argmax;  // or null
  int64_t y_step;   // of y and argmax, c or more
  int64_t count;    // pooled pixels
  int64_t c;
};

// Pixels begin .. end-1 of one row of dx below `count` pooled pixels; those that no window covers get zero.
template <class T>
struct MaxPoolGradientRow {
  const T* dy;
  const uint8_t* argmax;
  const T* y;        // pooled: dy counts only where y > 0, the mask of a relu before the pooling. Or null: no mask
  int64_t position;  // of the row in its windows: 0 for an even row, 2 for an odd one
  int64_t count;     // 0 where no window covers the row
  T* dx;             // pixel 0
  T* sum;            // or null; sum[i] += the pixels of dx in their order
  int64_t begin, end;
  int64_t c;
};

template <class T>
struct MaxPool2x2Table {
  void (*row)(const MaxPoolRow<T>& row);
  void (*gradient_row)(const MaxPoolGradientRow<T>& row);
};

JUANJI_KERNEL_FAMILY(MaxPool2x2Table, max_pool_2x2)

}  // namespace juanji::kernels
