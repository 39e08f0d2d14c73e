// Batch normalisation over all axes but the last (Ioffe and Szegedy, 2015), its gradient, and the scale and shift that
// is left of it at inference.
#pragma once

#include "kernels/activation.hpp"
#include "ops/operation.hpp"

namespace juanji {

// x (..., C), gamma (C), beta (C)[, residual (..., C)] -> y (..., C), mean (C), variance (C)
// y = act((x - mean) / sqrt(variance + epsilon) * gamma + beta [+ residual]) with the mean and the biased variance of
// each channel. act is 'none' or 'relu'.
struct BatchNorm : Operation {
  double epsilon;
  Activation activation;

  BatchNorm(double epsilon, Activation activation);
  std::string name() const override { return "batch_norm"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t output, size_t inputs) const override {
    return output == 0 && inputs == 4 ? 3 : kNoInput;  // the residual
  }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, x, [y or beta, only with 'relu',] gamma, mean, variance -> dx, dgamma, dbeta[, dresidual]
// The ReLU's mask comes from y or, with `from_input`, from x and beta: then y is not read, and there must not have been
// a residual. dresidual is the masked dy and is given with `residual`; without an activation it is dy itself, and none
// is given.
struct BatchNormGradient : Operation {
  double epsilon;
  Activation activation;
  bool residual;
  bool from_input;

  BatchNormGradient(double epsilon, Activation activation, bool residual, bool from_input);
  std::string name() const override { return "batch_norm_gradient"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t output, size_t) const override {
    return output == 0 ? 1 : output == 3 ? 0 : kNoInput;  // dx on x, dresidual on dy
  }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// The parts of both, for recorded steps in which neighbours take over the other passes (ops/norm_depthwise,
// ops/conv2d_moments). Together they have the bits of the whole.

// x -> mean (C), variance (C)
struct BatchMoments : Operation {
  std::string name() const override { return "batch_moments"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x, gamma, beta, mean, variance[, residual] -> y, as BatchNorm has it
struct BatchNormApply : Operation {
  double epsilon;
  Activation activation;

  BatchNormApply(double epsilon, Activation activation);
  std::string name() const override { return "batch_norm_apply"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t, size_t inputs) const override { return inputs == 6 ? 5 : kNoInput; }  // the residual
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, x, gamma, beta, mean, variance -> dgamma, dbeta, sums (2, C) in float64: of dz and of dz (x - mean)
struct BatchNormGradientSums : Operation {
  double epsilon;
  Activation activation;

  BatchNormGradientSums(double epsilon, Activation activation);
  std::string name() const override { return "batch_norm_gradient_sums"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// dy, x, gamma, beta, mean, variance, sums -> dx
struct BatchNormGradientApply : Operation {
  double epsilon;
  Activation activation;

  BatchNormGradientApply(double epsilon, Activation activation);
  std::string name() const override { return "batch_norm_gradient_apply"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t, size_t) const override { return 0; }  // dx on dy
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x (..., C), scale (C), shift (C)[, residual (..., C)] -> y = act(x * scale + shift [+ residual])
struct ScaleShift : Operation {
  Activation activation;

  explicit ScaleShift(Activation activation);
  std::string name() const override { return "scale_shift"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  size_t overwritten_input(size_t output, size_t) const override { return output; }
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
