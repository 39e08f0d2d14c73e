// A strided view of dense memory, reduced to the dimensions that must be told apart.
#pragma once

#include <vector>

#include "ops/operation.hpp"

namespace juanji {

// Element (i, j, ...) of `shape` is number offset + i * strides[0] + j * strides[1] + ... of the memory.
struct StridedView {
  Shape shape;
  std::vector<int64_t> strides;  // in elements; 0 repeats, a negative one walks backwards
  int64_t offset;

  // Throws std::invalid_argument naming `op` when shape and strides differ in length.
  StridedView(const std::string& op, Shape shape, std::vector<int64_t> strides, int64_t offset);

  // Throws when an element lies outside memory of `elements` elements.
  void check_inside(const std::string& op, int64_t elements) const;
};

// The view as a walk in row-major order: sizes of 1 are gone, and neighbours that lie one behind the other are one.
struct StridedDimension {
  int64_t size;
  int64_t stride;
};
std::vector<StridedDimension> merged_dimensions(const StridedView& view);

}  // namespace juanji
