#include "ops/group_samples.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace juanji {

GroupNormShape group_norm_shape(const TensorSpec& x, const TensorSpec& gamma, int64_t sample_axes, int64_t groups) {
  GroupNormShape s{1, 1, groups, gamma.size() / groups};
  const int64_t inner = x.rank() - gamma.rank();
  for (int64_t i = 0; i < inner; ++i) (i < sample_axes ? s.samples : s.positions) *= x.shape[static_cast<size_t>(i)];
  return s;
}

void check_group_norm(const Operation& op, int64_t sample_axes, int64_t groups) {
  if (sample_axes < 0) fail(op.name(), "sample_axes is out of range", "at least 0", "sample_axes", sample_axes, "");
  if (groups < 1) fail(op.name(), "groups is out of range", "at least 1", "groups", groups, "");
}

void check_group_norm_inputs(const Operation& op, const TensorSpec& x, const TensorSpec& gamma, int64_t sample_axes,
                             int64_t groups) {
  check_float(op, x, "x");
  check_same_dtype(op, x, "x", gamma, "gamma");
  const int64_t inner = x.rank() - gamma.rank();
  if (gamma.rank() < 1 || inner < sample_axes ||
      !std::equal(gamma.shape.begin(), gamma.shape.end(), x.shape.begin() + inner)) {
    fail(op.name(), "gamma does not fit x", "the sizes of the last axes of x, behind those of the samples",
         "gamma.shape", gamma.shape, "x has the shape " + to_text(x.shape) + ".");
  }
  if (gamma.size() % groups == 0) return;
  fail(op.name(), "the channels cannot be divided into equal groups", "a divisor of " + to_text(gamma.size()), "groups",
       groups, "");
}

size_t group_samples_bytes(const GroupNormShape& s, DType dtype, int64_t vectors) {
  const Samples samples(s, dtype);
  const size_t each = dtype == DType::float64 ? samples.bytes<double>(vectors) : samples.bytes<float>(vectors);
  return static_cast<size_t>(s.samples) * each;
}

}  // namespace juanji
