// What group normalisation and its gradient share: how they see x, and how its samples are cut.
#pragma once

#include "core/parallel.hpp"
#include "ops/channel_rows.hpp"
#include "ops/group_norm.hpp"

namespace juanji {

constexpr double kGroupNormCost = 0.6;         // nanoseconds an element and pass
constexpr int64_t kGroupNormElements = 32768;  // of a task
constexpr int64_t kManySamples = 16;           // then a task is a sample; else it is a part of one

GroupNormShape group_norm_shape(const TensorSpec& x, const TensorSpec& gamma, int64_t sample_axes, int64_t groups);
void check_group_norm(const Operation& op, int64_t sample_axes, int64_t groups);
void check_group_norm_inputs(const Operation& op, const TensorSpec& x, const TensorSpec& gamma, int64_t sample_axes,
                             int64_t groups);

// Whether each row of channels is normalised by itself: then rows have kernels of their own.
inline bool is_rows(const GroupNormShape& s) { return s.positions == 1 && s.groups == 1; }

// The samples of an array, each as rows of channels that are cut in the same way.
struct Samples {
  GroupNormShape shape;
  ChannelRows cut;
  size_t slots;  // doubles for partial sums of one sample

  Samples(const GroupNormShape& s, DType dtype)
      : shape(s),
        cut(TensorSpec{dtype, {s.positions, s.channels()}}),
        slots(static_cast<size_t>(2 * cut.partials())) {}

  // body(sample) for all: at once where there are many, else one after the other with parallel parts.
  template <class Body>
  void for_each(double cost, Body body) const {
    const double work = cost * static_cast<double>(cut.size());
    if (shape.samples >= kManySamples) {
      parallel_for(shape.samples, work, [&](int64_t n, int) { body(n); });
    } else {
      for (int64_t n = 0; n < shape.samples; ++n) body(n);
    }
  }

  template <class T>
  size_t bytes(int64_t vectors) const {
    return round_up(slots * sizeof(double) + static_cast<size_t>(vectors * cut.cols) * sizeof(T));
  }
  static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }
};

// Scratch of one sample: partial sums, then vectors as wide as the columns.
template <class T>
struct Scratch {
  double *first, *second;
  T* wide;

  Scratch(const Samples& samples, int64_t vectors, void* workspace, int64_t sample) {
    char* own = static_cast<char*>(workspace) + static_cast<size_t>(sample) * samples.bytes<T>(vectors);
    first = reinterpret_cast<double*>(own);
    second = first + samples.cut.partials();
    wide = reinterpret_cast<T*>(second + samples.cut.partials());
  }
};

// Bytes of the scratch of all samples.
size_t group_samples_bytes(const GroupNormShape& s, DType dtype, int64_t vectors);

}  // namespace juanji
