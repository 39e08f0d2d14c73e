#include "ops/gradient_histogram.hpp"

#include <cmath>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/gradient_histogram.hpp"

namespace juanji {

std::vector<TensorSpec> GradientHistogram::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& x = inputs[0];
  check_float(*this, x, "images");
  check_rank(*this, x, "images", 4, "(N, H, W, C)");
  if (orientations < 1 || cell_height < 1 || cell_width < 1) {
    fail(name(), "no such histogram", "numbers from 1", "(orientations, cell height, cell width)",
         Shape{orientations, cell_height, cell_width}, "");
  }
  return {{x.dtype, {x.shape[0], x.shape[1] / cell_height, x.shape[2] / cell_width, orientations}}};
}

void GradientHistogram::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &x = inputs[0], &y = outputs[0];
  if (y.size() == 0) return;
  const kernels::HistogramShape s{x.dim(1), x.dim(2), x.dim(3), cell_height, cell_width, y.dim(2), orientations};
  const int64_t rows = y.dim(1);
  const double cost = static_cast<double>(cell_height * s.w) * (3.0 + static_cast<double>(s.c + orientations));
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> directions;
    for (int64_t k = 0; k < orientations; ++k) {
      const double angle = std::acos(-1.0) * static_cast<double>(k) / static_cast<double>(orientations);
      directions.push_back(static_cast<T>(std::cos(angle)));
      directions.push_back(static_cast<T>(std::sin(angle)));
    }
    parallel_for(y.dim(0) * rows, cost, [&](int64_t task, int) {
      kernels::gradient_histogram<T>().row(s, x.as<T>() + task / rows * s.h * s.w * s.c, directions.data(), task % rows,
                                           y.as<T>() + task * s.cells * s.orientations);
    });
  });
}

}  // namespace juanji
