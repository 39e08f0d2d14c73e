#include "ops/project.hpp"

#include <algorithm>

#include "core/buffer_pool.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/sampling.hpp"

namespace juanji {
namespace {

using kernels::FillMode;
using kernels::SampleShape;
using kernels::Sampling;

constexpr int64_t kGrain = 1024;       // pixels a task
constexpr double kCostPerPixel = 6.0;  // nanoseconds, and some more for each channel

std::vector<TensorSpec> image_like(const Operation& op, const std::vector<TensorSpec>& inputs, const char* what) {
  check_input_count(op, inputs, 2, 2);
  const TensorSpec &x = inputs[0], &transforms = inputs[1];
  check_float(op, x, what);
  check_rank(op, x, what, 4, "(N, H, W, C)");
  check_same_dtype(op, x, what, transforms, "transform");
  check_rank(op, transforms, "transform", 2, "(N, 8)");
  if (transforms.shape[1] != 8 || (transforms.shape[0] != 1 && transforms.shape[0] != x.shape[0])) {
    fail(op.name(), "transform does not fit the images", "(8,), (1, 8) or (" + to_text(x.shape[0]) + ", 8)",
         "transform.shape", transforms.shape, "");
  }
  return {x};
}

// The points are inside the image already, or to be filled.
SampleShape sample_shape(const TensorSpec& x, Sampling sampling) {
  return {2, {x.shape[1], x.shape[2]}, x.shape[3], FillMode::constant, sampling};
}

double row_cost(const TensorSpec& x) {
  return static_cast<double>(x.shape[2]) * (kCostPerPixel + static_cast<double>(x.shape[3]));
}

}  // namespace

std::vector<TensorSpec> Project::outputs(const std::vector<TensorSpec>& inputs) const {
  return image_like(*this, inputs, "images");
}

void Project::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &x = inputs[0], &transforms = inputs[1];
  if (x.size() == 0) return;
  const int64_t h = x.dim(1), w = x.dim(2), step = transforms.dim(0) == 1 ? 0 : 8;
  const SampleShape s = sample_shape(x.spec, sampling);
  const int64_t row = w * s.channels, image = h * row;
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::SampleTable<T>& table = kernels::sample<T>();
    parallel_ranges(x.dim(0) * h, std::max<int64_t>(1, kGrain / w), row_cost(x.spec), [&](int64_t begin, int64_t end) {
      const Buffer points(static_cast<size_t>(2 * w) * sizeof(T));
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / h;
        table.project(transforms.as<T>() + n * step, h, w, fill_mode, i % h, w, points.as<T>());
        table.gather(s, x.as<T>() + n * image, points.as<T>(), w, w, static_cast<T>(fill_value),
                     outputs[0].as<T>() + i * row);
      }
    });
  });
}

std::vector<TensorSpec> ProjectGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  return image_like(*this, inputs, "dy");
}

void ProjectGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &dy = inputs[0], &transforms = inputs[1], &dx = outputs[0];
  if (dy.size() == 0) return;
  const int64_t h = dy.dim(1), w = dy.dim(2), step = transforms.dim(0) == 1 ? 0 : 8;
  const SampleShape s = sample_shape(dy.spec, sampling);
  const int64_t row = w * s.channels, image = h * row;
  const ChannelCut cut(dy.dim(0), s.channels);
  dispatch_float(dy.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::SampleTable<T>& table = kernels::sample<T>();
    parallel_for(cut.tasks, row_cost(dy.spec) * static_cast<double>(h), [&](int64_t task, int) {
      const int64_t n = cut.image(task), first = cut.first(task), count = cut.count(task);
      const Buffer points(static_cast<size_t>(2 * w) * sizeof(T));
      T* to = dx.as<T>() + n * image;
      clear_channels(to, h * w, s.channels, first, count);
      for (int64_t i = 0; i < h; ++i) {
        table.project(transforms.as<T>() + n * step, h, w, fill_mode, i, w, points.as<T>());
        table.scatter(s, dy.as<T>() + n * image + i * row, points.as<T>(), w, w, first, count, to);
      }
    });
  });
}

}  // namespace juanji
