// What the pooling operations share: sizes, checks, how the work is cut.
#pragma once

#include "core/parallel.hpp"
#include "kernels/pool_shape.hpp"
#include "ops/pool.hpp"

namespace juanji {

struct PoolPlan {
  int64_t n;
  kernels::PoolShape shape;
  Shape x, y;
  DType index;  // of the argmax

  int64_t x_image() const { return shape.h * shape.w * shape.c; }
  int64_t y_image() const { return shape.oh * shape.ow * shape.c; }
  // Windows of 2×2 with stride 2 from the first pixel on, as kernels/max_pool_2x2 takes them; those at the right and
  // bottom edges may lie partly in the padding.
  bool two_by_two() const {
    const kernels::PoolShape& s = shape;
    return s.kh == 2 && s.kw == 2 && s.sh == 2 && s.sw == 2 && s.top == 0 && s.left == 0;
  }
};

// These throw in the name of `op` where x, or dy and the size of x, do not fit it.
PoolPlan pool_plan_from_input(const PoolOperation& op, const TensorSpec& x);
PoolPlan pool_plan_from_gradient(const PoolOperation& op, const TensorSpec& dy, const Shape& input_size);
void check_argmax(const PoolOperation& op, const PoolPlan& plan, const TensorSpec& argmax);

// Input elements that one row of outputs, or one row of dx, has to do with.
int64_t pool_output_row_work(const kernels::PoolShape& s);
int64_t pool_input_row_work(const kernels::PoolShape& s);

// Calls body(image, begin, end) for blocks of the `rows` rows of each image; `elements` is the work of one row.
template <class Body>
void for_row_blocks(int64_t images, int64_t rows, int64_t elements, Body body) {
  constexpr int64_t kElementsPerTask = 16384;  // input elements: 64 KiB of float32
  constexpr double kCostPerElement = 0.15;     // nanoseconds per input element and window over it
  const int64_t fit = kElementsPerTask / (elements < 1 ? 1 : elements);
  const int64_t block = fit < 1 ? 1 : (fit < rows ? fit : rows);
  const int64_t blocks = (rows + block - 1) / block;
  const double cost = static_cast<double>(elements) * static_cast<double>(block) * kCostPerElement;
  parallel_for(images * blocks, cost, [&](int64_t task, int) {
    const int64_t begin = task % blocks * block;
    body(task / blocks, begin, begin + block < rows ? begin + block : rows);
  });
}

}  // namespace juanji
