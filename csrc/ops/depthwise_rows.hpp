// Rows of a depthwise convolution, made when they are needed.
#pragma once

#include <optional>

#include "kernels/activation.hpp"
#include "ops/depthwise_bands.hpp"

namespace juanji {

// Bytes of weights in the order of the kernel; 0 where they are read as they are.
size_t depthwise_packed_bytes(const DepthwisePlan& plan, DType dtype);

template <class T>
class DepthwiseRows {
 public:
  // x has the channels of y; `packed` has depthwise_packed_bytes and is filled here.
  DepthwiseRows(const DepthwisePlan& plan, const T* x, const T* w, const T* b, Activation activation, T* packed);

  // All outputs of all images into y.
  void make_all(T* y) const;
  // Rows row .. row+count-1 of an image into y.
  void make(int64_t image, int64_t row, int64_t count, T* y) const;

 private:
  void make_part(const DepthwisePart& part, T* y) const;

  const DepthwisePlan& plan_;
  const T* x_;
  const T* w_;
  const T* b_;
  Activation activation_;
  const T* packed_;
  std::optional<DepthwiseBands> bands_;  // unless depthwise_3x3 serves
};

}  // namespace juanji
