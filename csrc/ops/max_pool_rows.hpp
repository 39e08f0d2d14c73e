// One row of the gradient of 2×2 max pooling, counted over all images.
#pragma once

#include "kernels/max_pool_2x2.hpp"
#include "ops/pool_plan.hpp"

namespace juanji {

// Pixels begin .. end-1 of row `row` of dx; y and sum are those of kernels::MaxPoolGradientRow, or null.
template <class T>
void max_pool_gradient_row(const PoolPlan& plan, const T* dy, const uint8_t* argmax, const T* y, T* dx, T* sum,
                           int64_t row, int64_t begin, int64_t end) {
  const kernels::PoolShape& s = plan.shape;
  const int64_t r = row % s.h;
  const bool covered = r / 2 < s.oh;
  const int64_t from = covered ? (row / s.h * s.oh + r / 2) * s.ow * s.c : 0;
  kernels::max_pool_2x2<T>().gradient_row({dy + from, argmax + from, y ? y + from : nullptr, r % 2 * 2,
                                           covered ? s.ow : 0, dx + row * s.w * s.c, sum, begin, end, s.c});
}

}  // namespace juanji
