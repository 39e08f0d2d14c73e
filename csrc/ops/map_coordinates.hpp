// Values of arrays at points between their elements, and the gradients by the array and by the points.
#pragma once

#include "kernels/sample.hpp"
#include "ops/operation.hpp"

namespace juanji {

kernels::FillMode fill_mode_from_name(const std::string& who, const std::string& name);

// x (N, size..., C), points (N or 1, axes, P) -> y (N, P, C). Points are counted in elements from the first one; values
// outside the array are `fill_value` or follow from `fill_mode`.
struct MapCoordinates : Operation {
  kernels::FillMode fill_mode;
  kernels::Sampling sampling;
  double fill_value;

  MapCoordinates(kernels::FillMode f, kernels::Sampling s, double v) : fill_mode(f), sampling(s), fill_value(v) {}
  std::string name() const override { return "map_coordinates"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy (N, P, C), points -> dx (N, size..., C); what meets in one element is added in the order of the points.
struct MapCoordinatesGradient : Operation {
  kernels::FillMode fill_mode;
  kernels::Sampling sampling;
  Shape size;

  MapCoordinatesGradient(kernels::FillMode f, kernels::Sampling s, Shape z)
      : fill_mode(f),
        sampling(s),
        size(std::move(z)) {}
  std::string name() const override { return "map_coordinates_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x, points (N, axes, P), dy (N, P, C) -> dpoints, for linear sampling.
struct MapCoordinatesSlope : Operation {
  kernels::FillMode fill_mode;
  double fill_value;

  MapCoordinatesSlope(kernels::FillMode f, double v) : fill_mode(f), fill_value(v) {}
  std::string name() const override { return "map_coordinates_slope"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
