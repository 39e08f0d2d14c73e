#include "ops/group_norm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/batch_norm.hpp"
#include "kernels/row_norm.hpp"
#include "ops/group_samples.hpp"

namespace juanji {
namespace {

constexpr int64_t kVectors = 3;  // of scratch as wide as the columns

// Mean and sum of squared differences of one group from those of its columns' parts, in a fixed order. Without a mean,
// the sum of squares itself.
void merge_group(const ChannelRows& cut, const double* means, const double* squares, int64_t first, int64_t width,
                 bool centered, double& mean, double& square) {
  mean = square = 0;
  double before = 0;
  cut.for_each_group([&](const ChannelRows::Group& part) {
    const double *own = means + part.slot + first, *inside = squares + part.slot + first;
    const double rows = static_cast<double>(part.rows), columns = static_cast<double>(width);
    double center = 0, between = 0;
    for (int64_t c = 0; c < width; ++c) center += own[c];
    center = centered ? center / columns : 0;
    for (int64_t c = 0; c < width; ++c) between += (own[c] - center) * (own[c] - center);
    for (int64_t c = 0; c < width; ++c) square += inside[c];
    const double share = rows * columns / (before + rows * columns);
    const double distance = center - mean;
    square += rows * between + distance * distance * (share * before);
    mean += distance * share;
    before += rows * columns;
  });
}

template <class T>
void forward_sample(const Samples& samples, const GroupNorm& op, const Scratch<T>& scratch, const T* x, const T* gamma,
                    const T* beta, T* y, T* mean, T* inverse) {
  const ChannelRows& cut = samples.cut;
  const int64_t width = samples.shape.width;
  const kernels::BatchNormTable<T>& table = kernels::batch_norm<T>();
  cut.for_each_part(kGroupNormCost, [&](const ChannelRows::Part& part) {
    table.moments(x + part.element, part.rows, part.stride, part.cols, scratch.first + part.slot,
                  scratch.second + part.slot);
  });
  for (int64_t g = 0; g < samples.shape.groups; ++g) {
    double center = 0, square = 0;
    merge_group(cut, scratch.first, scratch.second, g * width, width, op.centered, center, square);
    mean[g] = static_cast<T>(center);
    inverse[g] = static_cast<T>(1.0 / std::sqrt(square / samples.shape.count() + op.epsilon));
  }
  T *center = scratch.wide, *scale = center + cut.cols, *shift = scale + cut.cols;
  cut.widen(center, [&](int64_t c) { return mean[c / width]; });
  cut.widen(scale, [&](int64_t c) { return inverse[c / width] * gamma[c]; });
  cut.widen(shift, [&](int64_t c) { return beta[c]; });
  cut.for_each_range(kGroupNormCost, [&](int64_t at, int64_t n) {
    table.apply(false, x + at, nullptr, center, scale, shift, y + at, n, cut.cols);
  });
}

}  // namespace

GroupNorm::GroupNorm(int64_t samples, int64_t group_count, double eps, bool with_mean)
    : sample_axes(samples),
      groups(group_count),
      epsilon(eps),
      centered(with_mean) {
  check_group_norm(*this, sample_axes, groups);
}

std::vector<TensorSpec> GroupNorm::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 3, 3);
  check_group_norm_inputs(*this, inputs[0], inputs[1], sample_axes, groups);
  check_same_dtype(*this, inputs[0], "x", inputs[2], "beta");
  check_shape(*this, inputs[2], "beta", inputs[1].shape);
  const GroupNormShape s = group_norm_shape(inputs[0], inputs[1], sample_axes, groups);
  const TensorSpec statistics{inputs[0].dtype, {s.samples, s.groups}};
  return {inputs[0], statistics, statistics};
}

size_t GroupNorm::workspace(const std::vector<TensorSpec>& inputs) const {
  const GroupNormShape s = group_norm_shape(inputs[0], inputs[1], sample_axes, groups);
  return is_rows(s) ? 0 : group_samples_bytes(s, inputs[0].dtype, kVectors);
}

void GroupNorm::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  const GroupNormShape s = group_norm_shape(inputs[0].spec, inputs[1].spec, sample_axes, groups);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T *x = inputs[0].as<T>(), *gamma = inputs[1].as<T>(), *beta = inputs[2].as<T>();
    T *y = outputs[0].as<T>(), *mean = outputs[1].as<T>(), *inverse = outputs[2].as<T>();
    if (inputs[0].size() == 0) {
      std::fill(mean, mean + s.statistics(), std::numeric_limits<T>::quiet_NaN());
      std::fill(inverse, inverse + s.statistics(), std::numeric_limits<T>::quiet_NaN());
      return;
    }
    const int64_t n = s.channels();
    if (is_rows(s)) {
      parallel_ranges(s.samples, std::max<int64_t>(1, kGroupNormElements / n),
                      kGroupNormCost * static_cast<double>(n + 32), [&](int64_t begin, int64_t end) {
                        kernels::row_norm<T>().forward(x + begin * n, gamma, beta, y + begin * n, mean + begin,
                                                       inverse + begin, end - begin, n, epsilon, centered);
                      });
      return;
    }
    const Samples samples(s, inputs[0].spec.dtype);
    samples.for_each(2 * kGroupNormCost, [&](int64_t i) {
      const int64_t at = i * samples.cut.size();
      forward_sample(samples, *this, Scratch<T>(samples, kVectors, workspace, i), x + at, gamma, beta, y + at,
                     mean + i * groups, inverse + i * groups);
    });
  });
}

}  // namespace juanji
