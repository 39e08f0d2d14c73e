#include "ops/median.hpp"

#include "core/buffer_pool.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/median.hpp"

namespace juanji {

std::vector<TensorSpec> Median::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& x = inputs[0];
  check_float(*this, x, "images");
  check_rank(*this, x, "images", 4, "(N, H, W, C)");
  if (height < 1 || width < 1 || x.shape[1] < height - 1 || x.shape[2] < width - 1) {
    fail(name(), "the window does not fit", "a window from 1×1 in " + to_text(x.shape), "size", Shape{height, width},
         "");
  }
  return {{x.dtype, {x.shape[0], x.shape[1] - height + 1, x.shape[2] - width + 1, x.shape[3]}}};
}

void Median::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &x = inputs[0], &y = outputs[0];
  if (y.size() == 0) return;
  const int64_t rows = y.dim(1), line = y.dim(2) * y.dim(3), channels = y.dim(3);
  const int64_t source_line = x.dim(2) * channels, count = height * width;
  const double comparisons = static_cast<double>(count) * static_cast<double>(count) / 4 + 1;
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_ranges(y.dim(0) * rows, 1, 0.2 * comparisons * static_cast<double>(line), [&](int64_t begin, int64_t end) {
      const Buffer scratch(static_cast<size_t>(kernels::median_scratch(count)));
      std::vector<const T*> lines(static_cast<size_t>(count));
      for (int64_t i = begin; i < end; ++i) {
        const T* first = x.as<T>() + (i / rows * x.dim(1) + i % rows) * source_line;
        for (int64_t k = 0; k < count; ++k) {
          lines[static_cast<size_t>(k)] = first + k / width * source_line + k % width * channels;
        }
        kernels::median<T>().line(lines.data(), count, line, scratch.data(), y.as<T>() + i * line);
      }
    });
  });
}

}  // namespace juanji
