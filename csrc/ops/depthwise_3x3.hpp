// The three passes of a 3×3 depthwise convolution whose columns are not dilated, with stride 1 or 2 along them.
//
// They do what the general loops over lines of depthwise.cpp do, several times as fast. `packed` is workspace.
#pragma once

#include "kernels/activation.hpp"
#include "ops/depthwise_plan.hpp"

namespace juanji::depthwise_3x3 {

// Whether the forward pass and the input gradient can be done here.
bool serves(const DepthwisePlan& plan);
// Whether the weight gradient is done here. Where pixels lie a multiple of 2 KiB apart they meet in one or two sets of
// the first cache, and of more than a few what a row reads does not stay there: a copy of a few channels does
// (kernels/depthwise.hpp).
template <class T>
bool serves_weights(const DepthwisePlan& plan) {
  constexpr int64_t kItem = sizeof(T);
  const bool meet = plan.c * kItem % 2048 == 0 && plan.g.w > 4;
  return plan.g.kh == 3 && plan.g.kw == 3 && !meet;
}

// Bytes of packed weights, rounded up to whole cache lines.
size_t packed_bytes(const DepthwisePlan& plan, DType dtype);

template <class T>
void pack(const DepthwisePlan& plan, const T* w, T* packed);

// One row of outputs, counted over all images, into y; `last`: no row follows it.
template <class T>
void forward_row(const DepthwisePlan& plan, const T* x, const T* packed, const T* b, Activation activation, int64_t row,
                 bool last, T* y);

// Weights for the input gradient, in the same space.
template <class T>
void pack_for_gradient(const DepthwisePlan& plan, const T* w, T* packed);

// One row of the input gradient, counted over all images, into dx; `last`: no row follows it.
template <class T>
void input_gradient_row(const DepthwisePlan& plan, const T* dy, const T* packed, int64_t row, bool last, T* dx);

// Elements of packed sums of the weight gradient.
template <class T>
int64_t weight_sum_size(int64_t c);

// dw from `count` packed sums that follow each other, added in a fixed tree in place.
template <class T>
void add_weight_sums(int64_t c, T* sums, int64_t count, T* dw);

// Adds output rows begin .. end-1 (counted over all images) to the packed sums dw.
template <class T>
void add_weight_rows(const DepthwisePlan& plan, const T* x, const T* dy, T* dw, int64_t begin, int64_t end);

}  // namespace juanji::depthwise_3x3
