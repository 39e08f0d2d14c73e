// Operations that move elements without computing, for every type.
#pragma once

#include <utility>
#include <vector>

#include "ops/operation.hpp"
#include "ops/strided.hpp"

namespace juanji {

// y = x seen through a view: transposition, slices with steps, broadcasting, reversal.
struct StridedCopy : Operation {
  StridedView view;

  StridedCopy(Shape shape, std::vector<int64_t> strides, int64_t offset);
  std::string name() const override { return "copy"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y of `shape` is zero but for a view of it, which is x; the reverse of StridedCopy where no element is seen twice.
struct StridedPlace : Operation {
  Shape shape;
  StridedView view;

  StridedPlace(Shape shape, Shape view_shape, std::vector<int64_t> strides, int64_t offset);
  std::string name() const override { return "place"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = x with `value` around it: before and behind the elements of each dimension.
struct Pad : Operation {
  std::vector<std::pair<int64_t, int64_t>> widths;
  double value;

  Pad(std::vector<std::pair<int64_t, int64_t>> widths, double value);
  std::string name() const override { return "pad"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y = inputs of one type one behind the other along an axis
struct Concatenate : Operation {
  int64_t axis;

  explicit Concatenate(int64_t axis) : axis(axis) {}
  std::string name() const override { return "concatenate"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// y0, y1, ... = the parts of x along an axis; the reverse of Concatenate
struct Split : Operation {
  int64_t axis;
  std::vector<int64_t> sizes;  // of the parts along the axis

  Split(int64_t axis, std::vector<int64_t> sizes) : axis(axis), sizes(std::move(sizes)) {}
  std::string name() const override { return "split"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;  // x
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
