#include "ops/hsv.hpp"

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/hsv.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 4096;       // pixels a task
constexpr double kCostPerPixel = 5.0;  // nanoseconds

std::vector<TensorSpec> colours(const Operation& op, const std::vector<TensorSpec>& inputs, size_t count) {
  check_input_count(op, inputs, count, count);
  const TensorSpec& x = inputs[0];
  check_float(op, x, "images");
  if (x.rank() < 1 || x.shape.back() != 3) {
    fail(op.name(), "images have the wrong number of channels", "3 channels", "images.shape", x.shape, "");
  }
  if (count == 2) {
    check_same_dtype(op, x, "images", inputs[1], "dy");
    check_shape(op, inputs[1], "dy", x.shape);
  }
  return {x};
}

template <class Choose>
void convert(const Tensor& x, const Tensor& y, Choose choose) {
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto function = choose(kernels::hsv<T>());
    parallel_ranges(x.size() / 3, kGrain, kCostPerPixel, [&](int64_t begin, int64_t end) {
      function(x.as<T>() + 3 * begin, y.as<T>() + 3 * begin, end - begin);
    });
  });
}

template <class Choose>
void differentiate(const std::vector<Tensor>& inputs, const Tensor& dx, Choose choose) {
  dispatch_float(dx.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto function = choose(kernels::hsv<T>());
    parallel_ranges(dx.size() / 3, kGrain, kCostPerPixel, [&](int64_t begin, int64_t end) {
      const int64_t at = 3 * begin;
      function(inputs[0].as<T>() + at, inputs[1].as<T>() + at, dx.as<T>() + at, end - begin);
    });
  });
}

}  // namespace

std::vector<TensorSpec> RgbToHsv::outputs(const std::vector<TensorSpec>& inputs) const {
  return colours(*this, inputs, 1);
}

void RgbToHsv::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  convert(inputs[0], outputs[0], [](const auto& table) { return table.from_rgb; });
}

std::vector<TensorSpec> HsvToRgb::outputs(const std::vector<TensorSpec>& inputs) const {
  return colours(*this, inputs, 1);
}

void HsvToRgb::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  convert(inputs[0], outputs[0], [](const auto& table) { return table.to_rgb; });
}

std::vector<TensorSpec> RgbToHsvGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return colours(*this, inputs, 2);
}

void RgbToHsvGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  differentiate(inputs, outputs[0], [](const auto& table) { return table.from_rgb_gradient; });
}

std::vector<TensorSpec> HsvToRgbGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return colours(*this, inputs, 2);
}

void HsvToRgbGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  differentiate(inputs, outputs[0], [](const auto& table) { return table.to_rgb_gradient; });
}

}  // namespace juanji
