// Random arrays and dropout. The key is an input, int64 (2,): seed and stream number, so that one operation object
// serves every call. The same key gives the same array at any thread count and on every instruction set.
#pragma once

#include "ops/operation.hpp"

namespace juanji {

// Uniform in [low, high).
struct RandomUniform : Operation {
  TensorSpec spec;
  double low, high;

  RandomUniform(TensorSpec spec, double low, double high);
  std::string name() const override { return "random.uniform"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // key
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Normal; truncated: no farther than two standard deviations from the mean.
struct RandomNormal : Operation {
  TensorSpec spec;
  double mean, stddev;
  bool truncated;

  RandomNormal(TensorSpec spec, double mean, double stddev, bool truncated);
  std::string name() const override { return truncated ? "random.truncated_normal" : "random.normal"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // key
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Integers (int64) in [low, high), each as likely as the others to within 2^-64 (high - low).
struct RandomInteger : Operation {
  TensorSpec spec;
  int64_t low, high;

  RandomInteger(Shape shape, int64_t low, int64_t high);
  std::string name() const override { return "random.randint"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // key
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = x / (1 - rate) with probability 1 - rate, else 0 (Srivastava et al., 2014). It is linear, and its own gradient
// with the same key: the mask is made again rather than kept.
struct Dropout : Operation {
  double rate;

  explicit Dropout(double rate);
  std::string name() const override { return "dropout"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x, key
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
