#include <algorithm>

#include "kernels/batch_norm.hpp"
#include "kernels/row_norm.hpp"
#include "ops/cut.hpp"
#include "ops/group_norm.hpp"
#include "ops/group_samples.hpp"
#include "ops/tree_sum.hpp"

namespace juanji {
namespace {

constexpr int64_t kMostTasks = 64;     // that have sums of gradients of their own
constexpr int64_t kLeastTaskRows = 8;  // so that these are few beside the elements
constexpr int64_t kVectors = 4;        // of scratch as wide as the columns

// Rows of tasks that keep sums of their own.
Cut gradient_cut(const GroupNormShape& s) {
  const int64_t wanted = std::clamp<int64_t>(s.samples * s.channels() / kGroupNormElements, 1, kMostTasks);
  return Cut(s.samples, std::max(kLeastTaskRows, ceil_div(s.samples, wanted)), 1);
}

// dgamma and dbeta receive this sample's part of the sums.
template <class T>
void gradient_sample(const Samples& samples, bool centered, const Scratch<T>& scratch, const T* dy, const T* x,
                     const T* gamma, const T* mean, const T* inverse, T* dx, double* dgamma, double* dbeta) {
  const ChannelRows& cut = samples.cut;
  const int64_t width = samples.shape.width;
  const kernels::BatchNormTable<T>& table = kernels::batch_norm<T>();
  T *center = scratch.wide, *a = center + cut.cols, *b = a + cut.cols, *d = b + cut.cols;
  cut.widen(center, [&](int64_t c) { return mean[c / width]; });
  cut.for_each_part(2 * kGroupNormCost, [&](const ChannelRows::Part& part) {
    table.gradient_sums(dy + part.element, x + part.element, center + part.slot % cut.cols, {}, nullptr, part.rows,
                        part.stride, part.cols, scratch.first + part.slot, scratch.second + part.slot);
  });
  std::fill(dgamma, dgamma + cut.channels, 0.0);
  std::fill(dbeta, dbeta + cut.channels, 0.0);
  cut.for_each_group([&](const ChannelRows::Group& part) {
    for (int64_t c = 0; c < cut.channels; ++c) {
      dbeta[c] += scratch.first[part.slot + c];
      dgamma[c] += scratch.second[part.slot + c] * static_cast<double>(inverse[c / width]);
    }
  });
  for (int64_t g = 0; g < samples.shape.groups; ++g) {
    double level = 0, slope = 0;
    for (int64_t c = g * width; c < (g + 1) * width; ++c) {
      level += static_cast<double>(gamma[c]) * dbeta[c];
      slope += static_cast<double>(gamma[c]) * dgamma[c];
    }
    const double scale = inverse[g];
    for (int64_t c = g * width; c < (g + 1) * width; ++c) {
      a[c] = inverse[g] * gamma[c];
      b[c] = static_cast<T>(-scale * scale * slope / samples.shape.count());
      d[c] = centered ? static_cast<T>(-scale * level / samples.shape.count()) : T{0};
    }
  }
  for (T* v : {a, b, d}) cut.widen(v, [v](int64_t c) { return v[c]; });
  cut.for_each_range(2 * kGroupNormCost, [&](int64_t at, int64_t n) {
    table.gradient(dy + at, x + at, center, {}, a, b, d, dx + at, n, cut.cols);
  });
}

}  // namespace

GroupNormGradient::GroupNormGradient(int64_t samples, int64_t group_count, bool with_mean)
    : sample_axes(samples),
      groups(group_count),
      centered(with_mean) {
  check_group_norm(*this, sample_axes, groups);
}

std::vector<TensorSpec> GroupNormGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 5, 5);
  const TensorSpec &x = inputs[1], &gamma = inputs[2];
  check_group_norm_inputs(*this, x, gamma, sample_axes, groups);
  const GroupNormShape s = group_norm_shape(x, gamma, sample_axes, groups);
  const char* const names[] = {"dy", "x", "gamma", "mean", "inverse"};
  for (const size_t i : {size_t{0}, size_t{3}, size_t{4}}) {
    check_same_dtype(*this, x, "x", inputs[i], names[i]);
    check_shape(*this, inputs[i], names[i], i == 0 ? x.shape : Shape{s.samples, s.groups});
  }
  return {x, gamma, gamma};
}

size_t GroupNormGradient::workspace(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec& x = inputs[1];
  const GroupNormShape s = group_norm_shape(x, inputs[2], sample_axes, groups);
  const size_t channels = static_cast<size_t>(s.channels());
  if (is_rows(s)) return 2 * static_cast<size_t>(gradient_cut(s).count) * channels * dtype_bytes(x.dtype);
  return group_samples_bytes(s, x.dtype, kVectors) + 2 * static_cast<size_t>(s.samples) * channels * sizeof(double);
}

void GroupNormGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                            void* workspace) const {
  const GroupNormShape s = group_norm_shape(inputs[1].spec, inputs[2].spec, sample_axes, groups);
  const int64_t n = s.channels();
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *dy = inputs[0].as<T>(), *x = inputs[1].as<T>(), *gamma = inputs[2].as<T>();
    const T *mean = inputs[3].as<T>(), *inverse = inputs[4].as<T>();
    T *dx = outputs[0].as<T>(), *dgamma = outputs[1].as<T>(), *dbeta = outputs[2].as<T>();
    if (inputs[1].size() == 0) {
      std::fill(dgamma, dgamma + n, T{0});
      std::fill(dbeta, dbeta + n, T{0});
      return;
    }
    if (is_rows(s)) {
      const Cut cut = gradient_cut(s);
      T *gammas = static_cast<T*>(workspace), *betas = gammas + cut.count * n;
      std::fill(gammas, gammas + 2 * cut.count * n, T{0});
      parallel_for(cut.count, 2 * kGroupNormCost * static_cast<double>(cut.size * n), [&](int64_t i, int) {
        const int64_t row = cut.begin(i);
        kernels::row_norm<T>().gradient(dy + row * n, x + row * n, gamma, mean + row, inverse + row, dx + row * n,
                                        gammas + i * n, betas + i * n, cut.length(i), n, centered);
      });
      tree_sum(gammas, cut.count, n, dgamma);
      tree_sum(betas, cut.count, n, dbeta);
      return;
    }
    const Samples samples(s, inputs[0].spec.dtype);
    double* gammas = static_cast<double*>(workspace);
    double* betas = gammas + s.samples * n;
    void* scratch = betas + s.samples * n;
    samples.for_each(4 * kGroupNormCost, [&](int64_t i) {
      const int64_t at = i * samples.cut.size();
      gradient_sample(samples, centered, Scratch<T>(samples, kVectors, scratch, i), dy + at, x + at, gamma,
                      mean + i * groups, inverse + i * groups, dx + at, gammas + i * n, betas + i * n);
    });
    for (int64_t c = 0; c < n; ++c) {
      double gamma_sum = 0, beta_sum = 0;
      for (int64_t i = 0; i < s.samples; ++i) gamma_sum += gammas[i * n + c], beta_sum += betas[i * n + c];
      dgamma[c] = static_cast<T>(gamma_sum);
      dbeta[c] = static_cast<T>(beta_sum);
    }
  });
}

}  // namespace juanji
