// Images as red, green, blue and as hue, saturation, value.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// x (..., 3) -> y (..., 3)
struct RgbToHsv : Operation {
  std::string name() const override { return "rgb_to_hsv"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

struct HsvToRgb : Operation {
  std::string name() const override { return "hsv_to_rgb"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x, dy -> dx
struct RgbToHsvGradient : Operation {
  std::string name() const override { return "rgb_to_hsv_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

struct HsvToRgbGradient : Operation {
  std::string name() const override { return "hsv_to_rgb_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
