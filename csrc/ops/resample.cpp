#include "ops/resample.hpp"

#include <algorithm>
#include <type_traits>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/resample.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 8192;         // products a task
constexpr double kCostPerProduct = 0.3;  // nanoseconds

}  // namespace

Resample::Resample(int64_t a, int64_t n, std::vector<int64_t> f, std::vector<int64_t> s, std::vector<double> w)
    : axis(a),
      sources(n),
      first(std::move(f)),
      source(std::move(s)),
      weight(std::move(w)) {
  const int64_t count = static_cast<int64_t>(weight.size());
  if (first.empty() || first.front() != 0 || first.back() != count || !std::is_sorted(first.begin(), first.end())) {
    fail(name(), "the sums do not begin where the ones before end", "ascending numbers from 0 to " + to_text(count),
         "first", first, "");
  }
  const bool inside = std::all_of(source.begin(), source.end(), [&](int64_t i) { return i >= 0 && i < sources; });
  if (source.size() != weight.size() || !inside) {
    fail(name(), "the sources do not fit", to_text(count) + " numbers below " + to_text(sources), "source", source, "");
  }
  weight32_.assign(weight.begin(), weight.end());
}

std::vector<TensorSpec> Resample::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& x = inputs[0];
  check_float(*this, x, "x");
  if (axis < 0 || axis >= x.rank() || x.shape[static_cast<size_t>(axis)] != sources) {
    fail(name(), "x has the wrong size", to_text(sources) + " elements along axis " + to_text(axis), "x.shape", x.shape,
         "");
  }
  Shape shape = x.shape;
  shape[static_cast<size_t>(axis)] = static_cast<int64_t>(first.size()) - 1;
  element_count(shape);
  return {{x.dtype, shape}};
}

void Resample::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &x = inputs[0], &y = outputs[0];
  if (y.size() == 0) return;
  const int64_t count = static_cast<int64_t>(first.size()) - 1;
  int64_t inner = 1;
  for (int64_t i = axis + 1; i < y.spec.rank(); ++i) inner *= y.dim(i);
  const int64_t products = inner * (1 + static_cast<int64_t>(weight.size()) / count);  // of a line
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::Sums<T> sums{sources, count, first.data(), source.data(), nullptr};
    if constexpr (std::is_same_v<T, float>) {
      sums.weight = weight32_.data();
    } else {
      sums.weight = weight.data();
    }
    parallel_ranges(y.size() / inner, std::max<int64_t>(1, kGrain / products),
                    kCostPerProduct * static_cast<double>(products), [&](int64_t begin, int64_t end) {
                      kernels::resample<T>().lines(sums, x.as<T>(), inner, begin, end, y.as<T>());
                    });
  });
}

}  // namespace juanji
