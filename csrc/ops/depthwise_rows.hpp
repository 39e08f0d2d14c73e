// Rows of a depthwise convolution, made when they are needed.
#pragma once

#include "kernels/activation.hpp"
#include "ops/depthwise_plan.hpp"

namespace juanji {

// Bytes of weights in the order of the kernel; 0 where they are read as they are.
size_t depthwise_packed_bytes(const DepthwisePlan& plan, DType dtype);

template <class T>
class DepthwiseRows {
 public:
  // x has the channels of y; `packed` has depthwise_packed_bytes and is filled here.
  DepthwiseRows(const DepthwisePlan& plan, const T* x, const T* w, const T* b, Activation activation, T* packed);

  // Row `row` of the outputs, counted over all images, into y; `last`: no row follows it.
  void make(int64_t row, bool last, T* y) const;

 private:
  void make_line(int64_t row, T* y) const;

  const DepthwisePlan& plan_;
  const T* x_;
  const T* w_;
  const T* b_;
  Activation activation_;
  const T* packed_;
  bool small_;  // 3×3
};

}  // namespace juanji
