// The steps of batch normalisation and of its gradient, for operations that make one of them on the way.
#pragma once

#include "kernels/activation.hpp"
#include "kernels/batch_norm.hpp"
#include "ops/channel_rows.hpp"
#include "ops/operation.hpp"

namespace juanji {

// y = act((x - mean) / sqrt(variance + epsilon) * gamma + beta), act being max(0, ·) with `relu`; vectors (C).
template <class T>
struct ChannelNorm {
  const T *gamma, *beta, *mean, *variance;
  double epsilon;
  bool relu;

  double inverse_deviation(int64_t c) const;
  double slope(int64_t c) const { return inverse_deviation(c) * gamma[c]; }
};

// Sums over all rows, of each channel.
struct ChannelSums {
  double *first, *second;
};

// Normalises, and sums the gradient: `memory` holds kVectors vectors as wide as the columns of `cut`.
template <class T>
class NormForward {
 public:
  static constexpr int64_t kVectors = 3;

  NormForward(const ChannelRows& cut, const ChannelNorm<T>& norm, T* memory);

  // n elements that begin with the first channel
  void apply(const T* x, const T* residual, T* y, int64_t n) const {
    kernels::batch_norm<T>().apply(relu_, x, residual, center_, scale_, shift_, y, n, cols_);
  }

  // The means, and the mask of the activation as it follows from x, from column `col` on.
  const T* center(int64_t col) const { return center_ + col; }
  kernels::BatchNormMask<T> mask(int64_t col) const {
    return relu_ ? kernels::BatchNormMask<T>{nullptr, scale_ + col, shift_ + col} : kernels::BatchNormMask<T>{};
  }

 private:
  T *center_, *scale_, *shift_;
  int64_t cols_;
  bool relu_;
};

// The gradient once Σ dz and Σ dz (x - mean) are known: `memory` holds kVectors vectors as wide as the columns.
template <class T>
class NormBackward {
 public:
  static constexpr int64_t kVectors = 3;

  // dx of `forward`, which has to outlive this
  NormBackward(const ChannelRows& cut, const ChannelNorm<T>& norm, const NormForward<T>& forward, ChannelSums sums,
               T* memory);

  // n elements that begin with the first channel; `mask` is that of dy's first element
  void apply(const T* dy, const T* x, kernels::BatchNormMask<T> mask, T* dx, int64_t n) const {
    kernels::batch_norm<T>().gradient(dy, x, forward_.center(0), mask, a_, b_, d_, dx, n, cols_);
  }
  // with the mask that follows from x
  void apply(const T* dy, const T* x, T* dx, int64_t n) const { apply(dy, x, forward_.mask(0), dx, n); }

 private:
  const NormForward<T>& forward_;
  T *a_, *b_, *d_;
  int64_t cols_;
};

// 'none' and 'relu' can be fused; epsilon is not negative.
void check_norm_attributes(const Operation& op, double epsilon, Activation activation);

// There is something to take the mean of.
void check_norm_rows(const Operation& op, const TensorSpec& x);

// `sums` are what BatchNormGradientSums gives: float64, (2, channels).
void check_norm_sums(const Operation& op, const TensorSpec& sums, const char* name, int64_t channels);

// Partial results of all parts, two of each channel: `memory` holds partial_doubles() numbers.
struct ChannelPartials {
  double *first, *second;

  ChannelPartials(const ChannelRows& cut, double* memory) : first(memory), second(memory + cut.partials()) {}
};

inline int64_t partial_doubles(const ChannelRows& cut) { return 2 * cut.partials(); }

// Means and sums of squared differences of all parts, in a fixed order: first the mean, second the sum.
void merge_moments(const ChannelRows& cut, const ChannelPartials& parts, ChannelSums total);

// From the moments of all parts, mean and variance of each channel; `total` is scratch.
template <class T>
void finish_moments(const ChannelRows& cut, const ChannelPartials& parts, ChannelSums total, T* mean, T* variance);

// Sums of all parts, in a fixed order.
void merge_sums(const ChannelRows& cut, const ChannelPartials& parts, ChannelSums total);

// Gradients of gamma and beta from the sums.
template <class T>
void vector_gradients(int64_t channels, const ChannelNorm<T>& norm, ChannelSums sums, T* dgamma, T* dbeta);

}  // namespace juanji
