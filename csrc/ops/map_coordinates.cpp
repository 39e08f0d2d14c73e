#include "ops/map_coordinates.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/kind_names.hpp"
#include "ops/sampling.hpp"

namespace juanji {
namespace {

using kernels::FillMode;
using kernels::SampleShape;
using kernels::Sampling;

constexpr int64_t kGrain = 1024;  // points a task

// Checks points (N or 1, axes, P) against an array (N, size..., C); gives P.
int64_t check_points(const Operation& op, const TensorSpec& points, int64_t n, int64_t axes) {
  check_rank(op, points, "coordinates", 3, "(images, axes, points)");
  if (points.shape[1] != axes || (points.shape[0] != n && points.shape[0] != 1)) {
    fail(op.name(), "coordinates do not fit the array", "(" + to_text(n) + " or 1, " + to_text(axes) + ", points)",
         "coordinates.shape", points.shape, "");
  }
  if (axes > kernels::kMostAxes) {
    fail(op.name(), "too many axes", "at most " + to_text(kernels::kMostAxes), "axes", axes, "");
  }
  return points.shape[2];
}

// An empty axis has nothing that could fill the outside.
void check_not_empty(const Operation& op, const Shape& size, FillMode mode, int64_t points) {
  if (mode == FillMode::constant || points == 0) return;
  if (std::all_of(size.begin(), size.end(), [](int64_t n) { return n > 0; })) return;
  fail(op.name(), "the array is empty", "sizes from 1", "size", size, "Use fill_mode='constant'.");
}

Shape size_of(const TensorSpec& x) { return Shape(x.shape.begin() + 1, x.shape.end() - 1); }

SampleShape sample_shape(const Shape& size, int64_t channels, FillMode mode, Sampling sampling) {
  SampleShape s{static_cast<int>(size.size()), {}, channels, mode, sampling};
  std::copy(size.begin(), size.end(), s.size);
  return s;
}

double point_cost(const SampleShape& s) {
  return static_cast<double>(int64_t{1} << (s.sampling == Sampling::linear ? s.rank : 0)) *
         (2.0 + 0.5 * static_cast<double>(s.channels));
}

// body(image, first point, points) for all points of all images, a range at a time.
template <class Body>
void for_points(int64_t images, int64_t points, double cost, Body body) {
  const int64_t pieces = (points + kGrain - 1) / kGrain;
  parallel_for(images * pieces, cost * static_cast<double>(std::min(points, kGrain)), [&](int64_t task, int) {
    const int64_t begin = task % pieces * kGrain;
    body(task / pieces, begin, std::min(kGrain, points - begin));
  });
}

}  // namespace

FillMode fill_mode_from_name(const std::string& who, const std::string& name) {
  static const char* const names[] = {"constant", "nearest", "wrap", "mirror", "reflect"};
  return static_cast<FillMode>(find_name(names, who, "fill_mode", name));
}

std::vector<TensorSpec> MapCoordinates::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec &x = inputs[0], &points = inputs[1];
  check_float(*this, x, "inputs");
  check_same_dtype(*this, x, "inputs", points, "coordinates");
  if (x.rank() < 3) fail(name(), "inputs have no axes", "(N, size..., C)", "inputs.shape", x.shape, "");
  const int64_t n = check_points(*this, points, x.shape[0], x.rank() - 2);
  check_not_empty(*this, size_of(x), fill_mode, n);
  return {{x.dtype, {x.shape[0], n, x.shape.back()}}};
}

void MapCoordinates::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &x = inputs[0], &points = inputs[1], &y = outputs[0];
  if (y.size() == 0) return;
  const SampleShape s = sample_shape(size_of(x.spec), y.dim(2), fill_mode, sampling);
  const int64_t n = y.dim(1), image = x.size() / x.dim(0);
  const int64_t step = points.dim(0) == 1 ? 0 : s.rank * n;
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto gather = kernels::sample<T>().gather;
    for_points(x.dim(0), n, point_cost(s), [&](int64_t i, int64_t begin, int64_t count) {
      gather(s, x.as<T>() + i * image, points.as<T>() + i * step + begin, n, count, static_cast<T>(fill_value),
             y.as<T>() + (i * n + begin) * s.channels);
    });
  });
}

std::vector<TensorSpec> MapCoordinatesGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec &dy = inputs[0], &points = inputs[1];
  check_float(*this, dy, "dy");
  check_same_dtype(*this, dy, "dy", points, "coordinates");
  check_rank(*this, dy, "dy", 3, "(N, points, C)");
  const int64_t n = check_points(*this, points, dy.shape[0], static_cast<int64_t>(size.size()));
  check_shape(*this, dy, "dy", {dy.shape[0], n, dy.shape[2]});
  check_not_empty(*this, size, fill_mode, n);
  Shape shape = {dy.shape[0]};
  shape.insert(shape.end(), size.begin(), size.end());
  shape.push_back(dy.shape[2]);
  element_count(shape);
  return {{dy.dtype, shape}};
}

void MapCoordinatesGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &dy = inputs[0], &points = inputs[1], &dx = outputs[0];
  if (dx.size() == 0) return;
  const SampleShape s = sample_shape(size, dy.dim(2), fill_mode, sampling);
  const int64_t n = dy.dim(1), image = dx.size() / dx.dim(0);
  const int64_t step = points.dim(0) == 1 ? 0 : s.rank * n;
  const ChannelCut cut(dx.dim(0), s.channels);
  dispatch_float(dy.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto scatter = kernels::sample<T>().scatter;
    parallel_for(cut.tasks, point_cost(s) * static_cast<double>(n), [&](int64_t task, int) {
      const int64_t i = cut.image(task), first = cut.first(task), count = cut.count(task);
      clear_channels(dx.as<T>() + i * image, image / s.channels, s.channels, first, count);
      scatter(s, dy.as<T>() + i * n * s.channels, points.as<T>() + i * step, n, n, first, count,
              dx.as<T>() + i * image);
    });
  });
}

std::vector<TensorSpec> MapCoordinatesSlope::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 3, 3);
  const TensorSpec &x = inputs[0], &points = inputs[1], &dy = inputs[2];
  check_float(*this, x, "inputs");
  check_same_dtype(*this, x, "inputs", points, "coordinates");
  check_same_dtype(*this, x, "inputs", dy, "dy");
  if (x.rank() < 3) fail(name(), "inputs have no axes", "(N, size..., C)", "inputs.shape", x.shape, "");
  check_shape(*this, points, "coordinates", {x.shape[0], x.rank() - 2, points.rank() == 3 ? points.shape[2] : 0});
  const int64_t n = check_points(*this, points, x.shape[0], x.rank() - 2);
  check_shape(*this, dy, "dy", {x.shape[0], n, x.shape.back()});
  check_not_empty(*this, size_of(x), fill_mode, n);
  return {points};
}

void MapCoordinatesSlope::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor &x = inputs[0], &points = inputs[1], &dy = inputs[2];
  if (outputs[0].size() == 0) return;
  const SampleShape s = sample_shape(size_of(x.spec), dy.dim(2), fill_mode, Sampling::linear);
  const int64_t n = dy.dim(1), image = x.size() / x.dim(0);
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto slope = kernels::sample<T>().slope;
    for_points(x.dim(0), n, 2 * point_cost(s), [&](int64_t i, int64_t begin, int64_t count) {
      const int64_t at = i * s.rank * n + begin;
      slope(s, x.as<T>() + i * image, dy.as<T>() + (i * n + begin) * s.channels, points.as<T>() + at, n, count,
            static_cast<T>(fill_value), outputs[0].as<T>() + at);
    });
  });
}

}  // namespace juanji
