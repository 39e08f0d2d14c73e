#include "ops/im2col.hpp"

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/im2col.hpp"

namespace juanji {
namespace {

constexpr double kCostPerElement = 0.5;  // nanoseconds per element of cols
constexpr int64_t kLargestRow = int64_t{1} << 40;

struct Plan {
  int64_t n;
  kernels::Im2colShape s;

  int64_t x_image() const { return s.h * s.w * s.c; }
  int64_t cols_image() const { return s.oh * s.ow * s.kh * s.kw * s.c; }
};

Plan plan_for(const Operation& op, const Window& window, int64_t n, int64_t h, int64_t w, int64_t c) {
  const WindowGeometry g = resolve(op.name(), window, h, w);
  if (c > 0 && g.kh > kLargestRow / g.kw / c) {
    fail(op.name(), "the rows are too long", "KH·KW·C of at most 2**40", "kernel_size", Shape{g.kh, g.kw}, "");
  }
  return {n, {g.h, g.w, c, g.oh, g.ow, g.kh, g.kw, g.sh, g.sw, g.dh, g.dw, g.top, g.left}};
}

Plan plan_from_images(const Im2col& op, const TensorSpec& x) {
  check_rank(op, x, "x", 4, "(images, height, width, channels)");
  return plan_for(op, op.window, x.shape[0], x.shape[1], x.shape[2], x.shape[3]);
}

Plan plan_from_columns(const Col2im& op, const TensorSpec& cols) {
  check_rank(op, cols, "cols", 4, "(images, output height, output width, KH·KW·C)");
  const Plan plan = plan_for(op, op.window, cols.shape[0], op.height, op.width, 1);
  const int64_t positions = plan.s.kh * plan.s.kw;
  if (cols.shape[1] != plan.s.oh || cols.shape[2] != plan.s.ow || cols.shape[3] % positions != 0) {
    fail(op.name(), "cols has the wrong shape",
         "(N, " + to_text(plan.s.oh) + ", " + to_text(plan.s.ow) + ", a multiple of " + to_text(positions) + ")",
         "cols.shape", cols.shape, "");
  }
  Plan sized = plan;
  sized.s.c = cols.shape[3] / positions;
  return sized;
}

}  // namespace

std::vector<TensorSpec> Im2col::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  const Plan plan = plan_from_images(*this, inputs[0]);
  return {{inputs[0].dtype, {plan.n, plan.s.oh, plan.s.ow, plan.s.kh * plan.s.kw * plan.s.c}}};
}

void Im2col::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_images(*this, inputs[0].spec);
  const double cost = static_cast<double>(plan.cols_image() / plan.s.oh) * kCostPerElement;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(plan.n * plan.s.oh, cost, [&](int64_t row, int) {
      const int64_t image = row / plan.s.oh, i = row % plan.s.oh;
      kernels::im2col<T>().im2col(plan.s, inputs[0].as<T>() + image * plan.x_image(),
                                  outputs[0].as<T>() + image * plan.cols_image(), i, i + 1);
    });
  });
}

std::vector<TensorSpec> Col2im::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "cols");
  const Plan plan = plan_from_columns(*this, inputs[0]);
  return {{inputs[0].dtype, {plan.n, plan.s.h, plan.s.w, plan.s.c}}};
}

void Col2im::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_columns(*this, inputs[0].spec);
  const double cost = static_cast<double>(plan.cols_image() / plan.s.h) * kCostPerElement;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(plan.n * plan.s.h, cost, [&](int64_t row, int) {
      const int64_t image = row / plan.s.h, r = row % plan.s.h;
      kernels::im2col<T>().col2im(plan.s, inputs[0].as<T>() + image * plan.cols_image(),
                                  outputs[0].as<T>() + image * plan.x_image(), r, r + 1);
    });
  });
}

}  // namespace juanji
