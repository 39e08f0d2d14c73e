#include "ops/update.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/update.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task: all arrays of Adam's pass stay in an L2 cache of 512 KiB

// Two arrays on the same memory would be updated by two threads at once.
void check_no_overlap(const Operation& op, const std::vector<Tensor>& inputs) {
  std::vector<std::pair<const char*, const char*>> blocks;
  for (const size_t i : op.updated_inputs(inputs.size())) {
    const char* begin = inputs[i].as<char>();
    if (inputs[i].size() > 0) blocks.emplace_back(begin, begin + inputs[i].spec.bytes());
  }
  std::sort(blocks.begin(), blocks.end());
  for (size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].first >= blocks[i - 1].second) continue;
    fail(op.name(), "two of the updated arrays share memory", "every variable and state array once", "inputs",
         inputs.size(), "Pass each variable once.");
  }
}

}  // namespace

void check_share(const char* op, const char* name, double value, bool allow_one) {
  if (value >= 0 && (value < 1 || (allow_one && value == 1))) return;
  fail(op, std::string(name) + " is out of range", allow_one ? "0 to 1" : "at least 0 and below 1", name, value, "");
}

std::vector<size_t> Update::updated_inputs(size_t input_count) const {
  if (input_count == 0) return {};
  const size_t variables = variable_count(input_count);
  std::vector<size_t> updated;
  for (size_t i = 0; i + 1 < input_count; ++i) {
    if (i < variables || i >= 2 * variables) updated.push_back(i);
  }
  return updated;
}

std::vector<TensorSpec> Update::outputs(const std::vector<TensorSpec>& inputs) const {
  const size_t arrays = 2 + state_count();
  if (inputs.empty() || (inputs.size() - 1) % arrays != 0) {
    fail(name(), "wrong number of inputs", to_text(arrays) + " arrays per variable and one of scalars", "inputs",
         inputs.size(), "");
  }
  const TensorSpec& scalars = inputs.back();
  if (scalars.dtype != DType::float64) {
    fail<DTypeError>(name(), "unsupported dtype of the scalars", "float64", "dtype", dtype_name(scalars.dtype), "");
  }
  check_shape(*this, scalars, "scalars", {static_cast<int64_t>(scalar_count())});
  const size_t variables = variable_count(inputs.size());
  for (size_t i = 0; i + 1 < inputs.size(); ++i) {
    const std::string which = i < variables ? "variable " : i < 2 * variables ? "gradient " : "state ";
    const std::string label = which + to_text(i % variables);
    const TensorSpec& variable = inputs[i % variables];
    check_float(*this, inputs[i], label.c_str());
    check_same_dtype(*this, variable, "its variable", inputs[i], label.c_str());
    check_shape(*this, inputs[i], label.c_str(), variable.shape);
  }
  return {};
}

void Update::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>&, void*) const {
  check_no_overlap(*this, inputs);
  const size_t variables = variable_count(inputs.size());
  const size_t arrays = 2 + state_count();
  std::vector<const Tensor*> table(variables * arrays);
  std::vector<Range> ranges;
  for (size_t v = 0; v < variables; ++v) {
    for (size_t a = 0; a < arrays; ++a) table[v * arrays + a] = &inputs[a * variables + v];
    const int64_t n = inputs[v].size();
    for (int64_t begin = 0; begin < n; begin += kGrain) {
      ranges.push_back({&table[v * arrays], begin, std::min(begin + kGrain, n)});
    }
  }
  int64_t elements = 0;
  for (const Range& range : ranges) elements += range.size();
  const auto tasks = static_cast<int64_t>(ranges.size());
  const double cost_per_task = tasks == 0 ? 0 : cost() * static_cast<double>(elements) / static_cast<double>(tasks);
  const double* scalars = inputs.back().as<double>();
  parallel_for(tasks, cost_per_task, [&](int64_t task, int) { update(ranges[static_cast<size_t>(task)], scalars); });
}

SgdUpdate::SgdUpdate(double momentum, bool nesterov) : momentum(momentum), nesterov(nesterov) {
  check_share("sgd_update", "momentum", momentum, true);
}

void SgdUpdate::update(const Range& range, const double* scalars) const {
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::UpdateTable<T>& kernel = kernels::update<T>();
    const T rate = static_cast<T>(scalars[0]);
    if (momentum == 0) return kernel.sgd(range.at<T>(0), range.at<T>(1), rate, range.size());
    (nesterov ? kernel.sgd_nesterov : kernel.sgd_momentum)(range.at<T>(0), range.at<T>(1), range.at<T>(2), rate,
                                                           static_cast<T>(momentum), range.size());
  });
}

RmspropUpdate::RmspropUpdate(double rho, double momentum, double epsilon, bool centered)
    : rho(rho),
      momentum(momentum),
      epsilon(epsilon),
      centered(centered) {
  check_share("rmsprop_update", "rho", rho, true);
  check_share("rmsprop_update", "momentum", momentum, true);
}

void RmspropUpdate::update(const Range& range, const double* scalars) const {
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::RmspropSettings<T> settings{static_cast<T>(scalars[0]), static_cast<T>(rho), static_cast<T>(1 - rho),
                                               static_cast<T>(momentum), static_cast<T>(epsilon)};
    T* m = momentum > 0 ? range.at<T>(3) : nullptr;
    T* g = centered ? range.at<T>(momentum > 0 ? 4 : 3) : nullptr;
    kernels::update<T>().rmsprop(range.at<T>(0), range.at<T>(1), range.at<T>(2), m, g, settings, range.size());
  });
}

AdamUpdate::AdamUpdate(double beta_1, double beta_2, double epsilon, bool amsgrad)
    : beta_1(beta_1),
      beta_2(beta_2),
      epsilon(epsilon),
      amsgrad(amsgrad) {
  check_share("adam_update", "beta_1", beta_1, false);
  check_share("adam_update", "beta_2", beta_2, false);
}

void AdamUpdate::update(const Range& range, const double* scalars) const {
  const double step = scalars[1];
  const double alpha = scalars[0] * std::sqrt(1 - std::pow(beta_2, step)) / (1 - std::pow(beta_1, step));
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::AdamSettings<T> settings{static_cast<T>(alpha), static_cast<T>(1 - beta_1),
                                            static_cast<T>(1 - beta_2), static_cast<T>(epsilon)};
    kernels::update<T>().adam(range.at<T>(0), range.at<T>(1), range.at<T>(2), range.at<T>(3),
                              amsgrad ? range.at<T>(4) : nullptr, settings, range.size());
  });
}

}  // namespace juanji
