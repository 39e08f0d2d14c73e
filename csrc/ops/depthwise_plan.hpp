// What the three passes of depthwise convolution share: sizes, which kernel elements meet which pixels, tasks.
#pragma once

#include <algorithm>

#include "core/parallel.hpp"
#include "kernels/depthwise.hpp"
#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

// c counts the channels of y: those of x times the multiplier m.
struct DepthwisePlan {
  WindowGeometry g;
  int64_t n, c, m;

  Shape y() const { return {n, g.oh, g.ow, c}; }
  int64_t x_image() const { return g.h * g.w * c; }
  int64_t y_image() const { return g.oh * g.ow * c; }
  int64_t weights() const { return g.kh * g.kw * c; }
  // Bytes of x with its channels repeated; none where x serves as it is.
  size_t repeated_input(DType dtype) const { return m == 1 ? 0 : TensorSpec{dtype, {n, g.h, g.w, c}}.bytes(); }
};

// The plan for x (N, H, W, C) and a kernel (kh, kw, C, m); throws in the name of `op`.
DepthwisePlan depthwise_plan(const Operation& op, const Window& window, const Shape& x, int64_t kh, int64_t kw,
                             int64_t m);

using Taps = kernels::DepthwiseTaps;

// Leaves out the positions whose source is outside 0 .. limit-1.
void keep_inside(Taps& taps, int64_t limit);

// Forward: output i sees input i*stride - before + k*dilation.
Taps forward_taps(int64_t i, int64_t kernel, int64_t stride, int64_t dilation, int64_t before);

// Input gradient: input r is seen by output (r + before - k*dilation) / stride, for the k where that divides. They are
// listed from the last to the first, so that the source position grows.
Taps backward_taps(int64_t r, int64_t kernel, int64_t stride, int64_t dilation, int64_t before);

constexpr double kDepthwiseCost = 0.08;  // nanoseconds for one product of a pixel with a weight

// Calls body(row, whether it is its task's last) for row = 0 .. rows-1; `work` is the products of one row.
template <class Body>
void for_depthwise_rows(int64_t rows, int64_t work, Body body) {
  constexpr int64_t kProductsPerTask = 131072;  // neighbouring rows share what they read: not too few to a task
  const int64_t grain = std::max<int64_t>(1, kProductsPerTask / std::max<int64_t>(1, work));
  parallel_ranges(rows, grain, static_cast<double>(work) * kDepthwiseCost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row, row + 1 == end);
  });
}

// The sum of `count` arrays of `size` elements that follow each other, in a fixed tree; it takes the place of the
// first.
template <class T>
void add_in_tree(T* sums, int64_t size, int64_t count) {
  parallel_ranges(size, 4096, static_cast<double>(count) * 0.1, [&](int64_t begin, int64_t end) {
    for (int64_t step = 1; step < count; step *= 2) {
      for (int64_t i = 0; i + step < count; i += 2 * step) {
        kernels::depthwise<T>().accumulate(sums + i * size + begin, sums + (i + step) * size + begin, end - begin);
      }
    }
  });
}

// x with every channel repeated m times, in `repeated`; x itself when m is 1.
template <class T>
const T* repeat_channels(const DepthwisePlan& plan, const T* x, T* repeated) {
  if (plan.m == 1) return x;
  const int64_t size = plan.n * plan.x_image() / plan.m;
  parallel_ranges(size, 16384 / plan.m + 1, 1.0 * static_cast<double>(plan.m), [&](int64_t begin, int64_t end) {
    kernels::depthwise<T>().repeat(x + begin, repeated + begin * plan.m, end - begin, plan.m);
  });
  return repeated;
}

}  // namespace juanji
