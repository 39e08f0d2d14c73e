#include "ops/batch_norm_parts.hpp"

#include <cmath>

#include "core/check.hpp"
#include "ops/unary.hpp"

namespace juanji {

void check_norm_attributes(const Operation& op, double epsilon, Activation activation) {
  if (!(epsilon >= 0)) fail(op.name(), "epsilon is out of range", "a number of at least 0", "epsilon", epsilon, "");
  if (activation == Activation::none || activation == Activation::relu) return;
  fail(op.name(), "not an activation that can be fused", "'none' or 'relu'", "activation", activation_name(activation),
       "Apply it as an operation of its own.");
}

void check_norm_rows(const Operation& op, const TensorSpec& x) {
  if (x.size() > 0 || x.shape.back() == 0) return;
  fail(op.name(), "there is nothing to take the mean of", "at least one row of channels", "x.shape", x.shape,
       "Leave out the empty batch.");
}

void check_norm_sums(const Operation& op, const TensorSpec& sums, const char* name, int64_t channels) {
  check_shape(op, sums, name, {2, channels});
  if (sums.dtype == DType::float64) return;
  fail<DTypeError>(op.name(), "sums of a gradient are doubles", "float64", "sums.dtype", dtype_name(sums.dtype), "");
}

template <class T>
double ChannelNorm<T>::inverse_deviation(int64_t c) const {
  return 1.0 / std::sqrt(variance[c] + epsilon);
}

template <class T>
NormForward<T>::NormForward(const ChannelRows& cut, const ChannelNorm<T>& norm, T* memory)
    : center_(memory),
      scale_(center_ + cut.cols),
      shift_(scale_ + cut.cols),
      cols_(cut.cols),
      relu_(norm.relu) {
  cut.widen(center_, [&](int64_t c) { return norm.mean[c]; });
  cut.widen(scale_, [&](int64_t c) { return static_cast<T>(norm.slope(c)); });
  cut.widen(shift_, [&](int64_t c) { return norm.beta == nullptr ? T{0} : norm.beta[c]; });
}

// With s = 1 / sqrt(variance + epsilon) and n rows: dx = gamma s (dz - Σ dz / n - (x - mean) s² Σ dz (x - mean) / n)
template <class T>
NormBackward<T>::NormBackward(const ChannelRows& cut, const ChannelNorm<T>& norm, const NormForward<T>& forward,
                              ChannelSums sums, T* memory)
    : forward_(forward),
      a_(memory),
      b_(a_ + cut.cols),
      d_(b_ + cut.cols),
      cols_(cut.cols) {
  const double n = static_cast<double>(cut.rows);
  cut.widen(a_, [&](int64_t c) { return static_cast<T>(norm.slope(c)); });
  cut.widen(b_, [&](int64_t c) {
    return static_cast<T>(-norm.slope(c) * sums.second[c] / (n * (norm.variance[c] + norm.epsilon)));
  });
  cut.widen(d_, [&](int64_t c) { return static_cast<T>(-norm.slope(c) * sums.first[c] / n); });
}

void merge_moments(const ChannelRows& cut, const ChannelPartials& parts, ChannelSums total) {
  for (int64_t c = 0; c < cut.channels; ++c) total.first[c] = total.second[c] = 0;
  int64_t before = 0;
  cut.for_each_group([&](const ChannelRows::Group& group) {
    const double share = static_cast<double>(group.rows) / static_cast<double>(before + group.rows);
    const double weight = share * static_cast<double>(before);
    for (int64_t c = 0; c < cut.channels; ++c) {
      const double distance = parts.first[group.slot + c] - total.first[c];
      total.second[c] += parts.second[group.slot + c] + distance * distance * weight;
      total.first[c] += distance * share;
    }
    before += group.rows;
  });
}

template <class T>
void finish_moments(const ChannelRows& cut, const ChannelPartials& parts, ChannelSums total, T* mean, T* variance) {
  merge_moments(cut, parts, total);
  for (int64_t c = 0; c < cut.channels; ++c) {
    mean[c] = static_cast<T>(total.first[c]);
    variance[c] = static_cast<T>(total.second[c] / static_cast<double>(cut.rows));
  }
}

void merge_sums(const ChannelRows& cut, const ChannelPartials& parts, ChannelSums total) {
  for (int64_t c = 0; c < cut.channels; ++c) total.first[c] = total.second[c] = 0;
  cut.for_each_group([&](const ChannelRows::Group& group) {
    for (int64_t c = 0; c < cut.channels; ++c) {
      total.first[c] += parts.first[group.slot + c];
      total.second[c] += parts.second[group.slot + c];
    }
  });
}

template <class T>
void vector_gradients(int64_t channels, const ChannelNorm<T>& norm, ChannelSums sums, T* dgamma, T* dbeta) {
  for (int64_t c = 0; c < channels; ++c) {
    dgamma[c] = static_cast<T>(sums.second[c] * norm.inverse_deviation(c));
    dbeta[c] = static_cast<T>(sums.first[c]);
  }
}

template void finish_moments(const ChannelRows&, const ChannelPartials&, ChannelSums, float*, float*);
template void finish_moments(const ChannelRows&, const ChannelPartials&, ChannelSums, double*, double*);
template struct ChannelNorm<float>;
template struct ChannelNorm<double>;
template class NormForward<float>;
template class NormForward<double>;
template class NormBackward<float>;
template class NormBackward<double>;
template void vector_gradients(int64_t, const ChannelNorm<float>&, ChannelSums, float*, float*);
template void vector_gradients(int64_t, const ChannelNorm<double>&, ChannelSums, double*, double*);

}  // namespace juanji
