// Normalisation of each sample by itself: layer normalisation (Ba, Kiros and Hinton, 2016), its form without a mean
// (Zhang and Sennrich, 2019) and group normalisation (Wu and He, 2018), with gradients.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// How x is seen: samples x positions x groups x channels of a group.
struct GroupNormShape {
  int64_t samples, positions, groups, width;

  int64_t channels() const { return groups * width; }
  int64_t statistics() const { return samples * groups; }
  double count() const { return static_cast<double>(positions * width); }  // elements behind each statistic
};

// x, gamma, beta -> y, mean (samples, groups), inverse (samples, groups)
// The first `sample_axes` of x are samples; gamma and beta have the shape of its last axes, whose elements are the
// channels, in `groups` groups of neighbours. y = (x - mean) * inverse * gamma + beta with inverse = 1 / sqrt(variance
// + epsilon) over the positions and channels of a group; without `centered`, the mean counts as 0.
struct GroupNorm : Operation {
  int64_t sample_axes;
  int64_t groups;
  double epsilon;
  bool centered;

  GroupNorm(int64_t sample_axes, int64_t groups, double epsilon, bool centered);
  std::string name() const override { return "group_norm"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, x, gamma, mean, inverse -> dx, dgamma, dbeta
struct GroupNormGradient : Operation {
  int64_t sample_axes;
  int64_t groups;
  bool centered;

  GroupNormGradient(int64_t sample_axes, int64_t groups, bool centered);
  std::string name() const override { return "group_norm_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
