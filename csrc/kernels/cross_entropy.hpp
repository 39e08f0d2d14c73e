// Softmax followed by cross-entropy, from logits, and the gradient from the softmax that the forward pass leaves.
// Labels are class numbers (checked to lie in 0 .. classes-1) or rows of class weights, one-hot in the usual case.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

// x, p, dx: (rows, classes), classes >= 1; loss, dloss: (rows,)
template <class T>
struct CrossEntropyTable {
  // p = softmax(x);  loss[r] = -log p[r][label[r]], computed from x so that it stays finite
  void (*sparse)(const T* x, const int64_t* labels, T* loss, T* p, int64_t rows, int64_t classes);
  // p = softmax(x);  loss[r] = -sum over c of labels[r][c] log p[r][c], where a label of 0 counts as 0 log 0 = 0
  void (*dense)(const T* x, const T* labels, T* loss, T* p, int64_t rows, int64_t classes);
  // dx[r][c] = (p[r][c] - (c == labels[r])) dloss[r]
  void (*sparse_gradient)(const T* p, const int64_t* labels, const T* dloss, T* dx, int64_t rows, int64_t classes);
  // dx[r][c] = (p[r][c] sum(labels[r]) - labels[r][c]) dloss[r]
  void (*dense_gradient)(const T* p, const T* labels, const T* dloss, T* dx, int64_t rows, int64_t classes);
};

JUANJI_KERNEL_FAMILY(CrossEntropyTable, cross_entropy)

}  // namespace juanji::kernels
