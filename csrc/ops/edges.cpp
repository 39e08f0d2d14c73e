#include "ops/edges.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/edges.hpp"

namespace juanji {
namespace {

constexpr double kCostPerPixel = 4.0;  // nanoseconds

constexpr uint8_t kNone = 0, kWeak = 1, kEdge = 2;

// Every weak pixel that a chain of weak ones connects with an edge becomes one; the others become none.
void connect(uint8_t* marks, int64_t h, int64_t w) {
  std::vector<int64_t> waiting;
  for (int64_t i = 0; i < h * w; ++i) {
    if (marks[i] == kEdge) waiting.push_back(i);
  }
  while (!waiting.empty()) {
    const int64_t at = waiting.back(), row = at / w, column = at % w;
    waiting.pop_back();
    for (int64_t i = std::max<int64_t>(row - 1, 0); i <= std::min(row + 1, h - 1); ++i) {
      for (int64_t j = std::max<int64_t>(column - 1, 0); j <= std::min(column + 1, w - 1); ++j) {
        if (marks[i * w + j] != kWeak) continue;
        marks[i * w + j] = kEdge;
        waiting.push_back(i * w + j);
      }
    }
  }
  for (int64_t i = 0; i < h * w; ++i) marks[i] = marks[i] == kEdge;
}

}  // namespace

std::vector<TensorSpec> Edges::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 4, 4);
  const TensorSpec& dy = inputs[0];
  check_float(*this, dy, "dy");
  check_rank(*this, dy, "dy", 3, "(N, H, W)");
  const char* const names[] = {"dy", "dx", "slope"};
  for (size_t i = 1; i < 3; ++i) {
    check_same_dtype(*this, dy, "dy", inputs[i], names[i]);
    check_shape(*this, inputs[i], names[i], dy.shape);
  }
  check_same_dtype(*this, dy, "dy", inputs[3], "thresholds");
  check_rank(*this, inputs[3], "thresholds", 2, "(N or 1, 2)");
  check_shape(*this, inputs[3], "thresholds", {inputs[3].shape[0] == 1 ? 1 : dy.shape[0], 2});
  return {{DType::boolean, dy.shape}};
}

void Edges::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& y = outputs[0];
  if (y.size() == 0) return;
  const int64_t h = y.dim(1), w = y.dim(2), pixels = h * w, step = inputs[3].dim(0) == 1 ? 0 : 2;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto find = kernels::edges<T>().row;
    parallel_for(y.dim(0), kCostPerPixel * static_cast<double>(pixels), [&](int64_t n, int) {
      const T* thresholds = inputs[3].as<T>() + n * step;
      uint8_t* marks = y.as<uint8_t>() + n * pixels;
      const int64_t at = n * pixels;
      for (int64_t i = 0; i < h; ++i) {
        find(inputs[0].as<T>() + at, inputs[1].as<T>() + at, inputs[2].as<T>() + at, h, w, i, thresholds[0],
             thresholds[1], marks + i * w);
      }
      connect(marks, h, w);
    });
  });
}

}  // namespace juanji
