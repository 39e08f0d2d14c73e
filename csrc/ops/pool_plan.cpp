#include "ops/pool_plan.hpp"

#include "core/check.hpp"

namespace juanji {
namespace {

constexpr int64_t kMostPositions = (int64_t{1} << 31) - 1;  // an argmax fits in an int32

// The plan for an x of this shape, whose rank has been checked.
PoolPlan plan_for(const PoolOperation& op, const Shape& x) {
  const bool flat = x.size() == 3;
  const int64_t h = flat ? 1 : x[1];
  const int64_t w = flat ? x[1] : x[2];
  Window window = op.pool.window;
  if (op.pool.global) {
    window = Window{};
    window.kernel[0] = h < 1 ? 1 : h;  // an empty image is refused by resolve()
    window.kernel[1] = w < 1 ? 1 : w;
  }
  const WindowGeometry g = resolve(op.name(), window, h, w, "pool_size");
  if (g.kh > kMostPositions / g.kw) {
    fail(op.name(), "the window has too many positions", "at most 2**31 - 1", "pool_size", Shape{g.kh, g.kw}, "");
  }
  if (window.padding.mode == Padding::Mode::amounts &&
      (g.top >= g.kh || g.bottom >= g.kh || g.left >= g.kw || g.right >= g.kw)) {
    fail(op.name(), "a window could lie in the padding altogether",
         "padding smaller than the window " + to_text(Shape{g.kh, g.kw}), "padding",
         Shape{g.top, g.bottom, g.left, g.right}, "Use a larger window or less padding.");
  }
  const int64_t n = x.front();
  const int64_t c = x.back();
  PoolPlan plan{n,
                {g.h, g.w, c, g.oh, g.ow, g.kh, g.kw, g.sh, g.sw, g.top, g.left},
                x,
                {n},
                g.kh * g.kw <= 256 ? DType::uint8 : DType::int32};
  if (!op.pool.global || op.pool.keepdims) {
    if (!flat) plan.y.push_back(g.oh);
    plan.y.push_back(g.ow);
  }
  plan.y.push_back(c);
  return plan;
}

}  // namespace

PoolPlan pool_plan_from_input(const PoolOperation& op, const TensorSpec& x) {
  const bool flat = x.rank() == 3 && (op.pool.global || op.pool.window.kernel[0] == 1);
  if (!flat) check_rank(op, x, "x", 4, "(images, height, width, channels)");
  return plan_for(op, x.shape);
}

PoolPlan pool_plan_from_gradient(const PoolOperation& op, const TensorSpec& dy, const Shape& input_size) {
  if (dy.rank() < 2 || input_size.empty() || input_size.size() > 2) {
    fail(op.name(), "dy has the wrong number of dimensions", "the shape of the pooled images", "dy.shape", dy.shape,
         "");
  }
  Shape x = {dy.shape.front()};
  x.insert(x.end(), input_size.begin(), input_size.end());
  x.push_back(dy.shape.back());
  PoolPlan plan = plan_for(op, x);
  check_shape(op, dy, "dy", plan.y);
  return plan;
}

void check_argmax(const PoolOperation& op, const PoolPlan& plan, const TensorSpec& argmax) {
  check_shape(op, argmax, "argmax", plan.y);
  if (argmax.dtype != plan.index) {
    fail<DTypeError>(op.name(), "argmax has the wrong dtype", dtype_name(plan.index), "argmax.dtype",
                     dtype_name(argmax.dtype), "Pass what the max pooling with this window returned.");
  }
}

int64_t pool_output_row_work(const kernels::PoolShape& s) {
  const int64_t kh = s.kh < s.h ? s.kh : s.h;
  const int64_t kw = s.kw < s.w ? s.kw : s.w;
  return s.ow * s.c * kh * kw;
}

int64_t pool_input_row_work(const kernels::PoolShape& s) {
  const int64_t over = (s.kh < s.h ? s.kh : s.h) / s.sh * ((s.kw < s.w ? s.kw : s.w) / s.sw);
  return s.w * s.c * (over < 1 ? 1 : over);
}

}  // namespace juanji
