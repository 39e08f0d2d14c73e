#include "ops/pool.hpp"

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/average_pool.hpp"
#include "kernels/max_pool.hpp"

namespace juanji {
namespace {

constexpr int64_t kMostPositions = (int64_t{1} << 31) - 1;  // an argmax fits in an int32
constexpr int64_t kElementsPerTask = 16384;                 // input elements: 64 KiB of float32
constexpr double kCostPerElement = 0.15;                    // nanoseconds per input element and window over it

struct Plan {
  int64_t n;
  kernels::PoolShape shape;
  Shape x, y;
  DType index;
};

// The plan for an x of this shape, whose rank has been checked.
Plan plan_for(const PoolOperation& op, const Shape& x) {
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
  Plan plan{n,
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

Plan plan_from_input(const PoolOperation& op, const TensorSpec& x) {
  const bool flat = x.rank() == 3 && (op.pool.global || op.pool.window.kernel[0] == 1);
  if (!flat) check_rank(op, x, "x", 4, "(images, height, width, channels)");
  return plan_for(op, x.shape);
}

Plan plan_from_gradient(const PoolOperation& op, const TensorSpec& dy, const Shape& input_size) {
  if (dy.rank() < 2 || input_size.empty() || input_size.size() > 2) {
    fail(op.name(), "dy has the wrong number of dimensions", "the shape of the pooled images", "dy.shape", dy.shape,
         "");
  }
  Shape x = {dy.shape.front()};
  x.insert(x.end(), input_size.begin(), input_size.end());
  x.push_back(dy.shape.back());
  Plan plan = plan_for(op, x);
  check_shape(op, dy, "dy", plan.y);
  return plan;
}

void check_argmax(const PoolOperation& op, const Plan& plan, const TensorSpec& argmax) {
  check_shape(op, argmax, "argmax", plan.y);
  if (argmax.dtype != plan.index) {
    fail<DTypeError>(op.name(), "argmax has the wrong dtype", dtype_name(plan.index), "argmax.dtype",
                     dtype_name(argmax.dtype), "Pass what the max pooling with this window returned.");
  }
}

// Calls body(image, begin, end) for blocks of the `rows` rows of each image; `elements` is the work of one row.
template <class Body>
void for_row_blocks(int64_t images, int64_t rows, int64_t elements, Body body) {
  const int64_t fit = kElementsPerTask / (elements < 1 ? 1 : elements);
  const int64_t block = fit < 1 ? 1 : (fit < rows ? fit : rows);
  const int64_t blocks = (rows + block - 1) / block;
  const double cost = static_cast<double>(elements) * static_cast<double>(block) * kCostPerElement;
  parallel_for(images * blocks, cost, [&](int64_t task, int) {
    const int64_t begin = task % blocks * block;
    body(task / blocks, begin, begin + block < rows ? begin + block : rows);
  });
}

// Input elements that one row of outputs, or one row of dx, has to do with.
int64_t output_row_work(const kernels::PoolShape& s) {
  const int64_t kh = s.kh < s.h ? s.kh : s.h;
  const int64_t kw = s.kw < s.w ? s.kw : s.w;
  return s.ow * s.c * kh * kw;
}

int64_t input_row_work(const kernels::PoolShape& s) {
  const int64_t over = (s.kh < s.h ? s.kh : s.h) / s.sh * ((s.kw < s.w ? s.kw : s.w) / s.sw);
  return s.w * s.c * (over < 1 ? 1 : over);
}

// Calls body(table, Index{}) with the argmax kernels for the plan's index type.
template <class T, class Body>
void with_index(DType index, Body body) {
  const auto& table = kernels::max_pool<T>();
  if (index == DType::uint8) {
    body(table.narrow, uint8_t{});
  } else {
    body(table.wide, int32_t{});
  }
}

}  // namespace

std::vector<TensorSpec> MaxPool::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  const Plan plan = plan_from_input(*this, inputs[0]);
  std::vector<TensorSpec> specs = {{inputs[0].dtype, plan.y}};
  if (argmax) specs.push_back({plan.index, plan.y});
  return specs;
}

void MaxPool::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_input(*this, inputs[0].spec);
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_image = s.h * s.w * s.c, y_image = s.oh * s.ow * s.c;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    if (!argmax) {
      for_row_blocks(plan.n, s.oh, output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        kernels::max_pool<T>().forward(s, x + image * x_image, y + image * y_image, begin, end);
      });
      return;
    }
    with_index<T>(plan.index, [&](const auto& table, auto index) {
      auto* at = outputs[1].as<decltype(index)>();
      for_row_blocks(plan.n, s.oh, output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        table.forward(s, x + image * x_image, y + image * y_image, at + image * y_image, begin, end);
      });
    });
  });
}

std::vector<TensorSpec> MaxPoolGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "dy");
  const Plan plan = plan_from_gradient(*this, inputs[0], input_size);
  check_argmax(*this, plan, inputs[1]);
  return {{inputs[0].dtype, plan.x}};
}

void MaxPoolGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_gradient(*this, inputs[0].spec, input_size);
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_image = s.h * s.w * s.c, y_image = s.oh * s.ow * s.c;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* dy = inputs[0].as<T>();
    T* dx = outputs[0].as<T>();
    with_index<T>(plan.index, [&](const auto& table, auto index) {
      const auto* at = inputs[1].as<decltype(index)>();
      for_row_blocks(plan.n, s.h, input_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        table.gradient(s, dy + image * y_image, at + image * y_image, dx + image * x_image, begin, end);
      });
    });
  });
}

std::vector<TensorSpec> MaxPoolTake::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "x");
  const Plan plan = plan_from_input(*this, inputs[0]);
  check_argmax(*this, plan, inputs[1]);
  return {{inputs[0].dtype, plan.y}};
}

void MaxPoolTake::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_input(*this, inputs[0].spec);
  const kernels::PoolShape& s = plan.shape;
  const int64_t x_image = s.h * s.w * s.c, y_image = s.oh * s.ow * s.c;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    with_index<T>(plan.index, [&](const auto& table, auto index) {
      const auto* at = inputs[1].as<decltype(index)>();
      for_row_blocks(plan.n, s.oh, output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
        table.take(s, x + image * x_image, at + image * y_image, y + image * y_image, begin, end);
      });
    });
  });
}

std::vector<TensorSpec> AveragePool::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  return {{inputs[0].dtype, plan_from_input(*this, inputs[0]).y}};
}

void AveragePool::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_input(*this, inputs[0].spec);
  const kernels::PoolShape& s = plan.shape;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    for_row_blocks(plan.n, s.oh, output_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
      kernels::average_pool<T>().forward(s, x + image * s.h * s.w * s.c, y + image * s.oh * s.ow * s.c, begin, end);
    });
  });
}

std::vector<TensorSpec> AveragePoolGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "dy");
  return {{inputs[0].dtype, plan_from_gradient(*this, inputs[0], input_size).x}};
}

void AveragePoolGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Plan plan = plan_from_gradient(*this, inputs[0].spec, input_size);
  const kernels::PoolShape& s = plan.shape;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* dy = inputs[0].as<T>();
    T* dx = outputs[0].as<T>();
    for_row_blocks(plan.n, s.h, input_row_work(s), [&](int64_t image, int64_t begin, int64_t end) {
      kernels::average_pool<T>().gradient(s, dy + image * s.oh * s.ow * s.c, dx + image * s.h * s.w * s.c, begin, end);
    });
  });
}

}  // namespace juanji
