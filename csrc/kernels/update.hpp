// One step of an optimizer on n elements: w and its state are overwritten, dw is the gradient.
// Every function is one pass: each array is read once and written at most once.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct RmspropSettings {
  T learning_rate, rho, one_minus_rho, momentum, epsilon;
};

template <class T>
struct AdamSettings {
  T alpha;  // learning_rate * sqrt(1 - beta_2^step) / (1 - beta_1^step)
  T one_minus_beta_1, one_minus_beta_2, epsilon;
};

template <class T>
struct UpdateTable {
  // w -= learning_rate dw
  void (*sgd)(T* w, const T* dw, T learning_rate, int64_t n);
  // m = momentum m - learning_rate dw;  w += m
  void (*sgd_momentum)(T* w, const T* dw, T* m, T learning_rate, T momentum, int64_t n);
  // m = momentum m - learning_rate dw;  w += momentum m - learning_rate dw
  void (*sgd_nesterov)(T* w, const T* dw, T* m, T learning_rate, T momentum, int64_t n);

  // v = rho v + (1 - rho) dw²;  g = rho g + (1 - rho) dw (centered: g not null)
  // step = learning_rate dw / sqrt(v - g² + epsilon);  m = momentum m + step (m not null);  w -= m, or step
  void (*rmsprop)(T* w, const T* dw, T* v, T* m, T* g, const RmspropSettings<T>& settings, int64_t n);

  // m += (1 - beta_1)(dw - m);  v += (1 - beta_2)(dw² - v);  vhat = max(vhat, v) (amsgrad: vhat not null)
  // w -= alpha m / (sqrt(vhat or v) + epsilon)
  void (*adam)(T* w, const T* dw, T* m, T* v, T* vhat, const AdamSettings<T>& settings, int64_t n);
};

JUANJI_KERNEL_FAMILY(UpdateTable, update)

}  // namespace juanji::kernels
