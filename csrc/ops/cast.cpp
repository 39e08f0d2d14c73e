#include "ops/cast.hpp"

#include "core/parallel.hpp"
#include "kernels/rows.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 32768;         // elements a task
constexpr double kCostPerElement = 0.25;  // nanoseconds, bound by memory

// Images and activations become floats: these loops are compiled per instruction set.
void convert(const uint8_t* x, float* y, int64_t n) { kernels::rows<float>().from_uint8(x, y, n); }
void convert(const double* x, float* y, int64_t n) { kernels::rows<float>().from_double(x, y, n); }
void convert(const uint8_t* x, double* y, int64_t n) { kernels::rows<double>().from_uint8(x, y, n); }
void convert(const float* x, double* y, int64_t n) { kernels::rows<double>().from_float(x, y, n); }

template <class X, class Y>
void convert(const X* x, Y* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<Y>(x[i]);
}

}  // namespace

std::vector<TensorSpec> Cast::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  return {{dtype, inputs[0].shape}};
}

void Cast::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_any(inputs[0].spec.dtype, [&](auto from) {
    dispatch_any(dtype, [&](auto to) {
      const auto* x = inputs[0].as<decltype(from)>();
      auto* y = outputs[0].as<decltype(to)>();
      parallel_ranges(outputs[0].size(), kGrain, kCostPerElement,
                      [&](int64_t begin, int64_t end) { convert(x + begin, y + begin, end - begin); });
    });
  });
}

}  // namespace juanji
