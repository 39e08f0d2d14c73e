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
struct AdagradSettings {
  T learning_rate, epsilon;
};

template <class T>
struct AdadeltaSettings {
  T learning_rate, rho, one_minus_rho, epsilon;
};

template <class T>
struct AdamaxSettings {
  T alpha;  // learning_rate / (1 - beta_1^step)
  T one_minus_beta_1, beta_2, epsilon;
};

template <class T>
struct NadamSettings {
  T alpha_mean, alpha_gradient;  // what m and dw are multiplied by in the step; the learning rate is in both
  T square_scale;                // 1 / (1 - beta_2^step)
  T one_minus_beta_1, one_minus_beta_2, epsilon;
};

template <class T>
struct LionSettings {
  T learning_rate, beta_1, one_minus_beta_1, beta_2, one_minus_beta_2;
};

template <class T>
struct FtrlSettings {
  T learning_rate;
  T power;         // of the sums of squares: 0 and above
  T l1, twice_l2;  // the latter with beta / learning_rate
  T twice_shrinkage;
};

template <class T>
struct ScheduleFreeSettings {
  T learning_rate, beta_1, one_minus_beta_1, one_minus_beta_2;
  T square_scale;  // 1 / (1 - beta_2^step)
  T weight;        // of the newest point in the average
  T epsilon;
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

  // a += dw²;  w -= learning_rate dw / sqrt(a + epsilon)
  void (*adagrad)(T* w, const T* dw, T* a, const AdagradSettings<T>& settings, int64_t n);

  // a = rho a + (1 - rho) dw²;  step = dw sqrt(d + epsilon) / sqrt(a + epsilon)
  // d = rho d + (1 - rho) step²;  w -= learning_rate step
  void (*adadelta)(T* w, const T* dw, T* a, T* d, const AdadeltaSettings<T>& settings, int64_t n);

  // m += (1 - beta_1)(dw - m);  u = max(beta_2 u, |dw|);  w -= alpha m / (u + epsilon)
  void (*adamax)(T* w, const T* dw, T* m, T* u, const AdamaxSettings<T>& settings, int64_t n);

  // m += (1 - beta_1)(dw - m);  v += (1 - beta_2)(dw² - v)
  // w -= (alpha_mean m + alpha_gradient dw) / (sqrt(square_scale v) + epsilon)
  void (*nadam)(T* w, const T* dw, T* m, T* v, const NadamSettings<T>& settings, int64_t n);

  // w -= learning_rate sign(beta_1 m + (1 - beta_1) dw);  m = beta_2 m + (1 - beta_2) dw
  void (*lion)(T* w, const T* dw, T* m, const LionSettings<T>& settings, int64_t n);

  // z += dw + twice_shrinkage w - ((a + dw²)^power - a^power) / learning_rate w;  a += dw²
  // w = (min(max(z, -l1), l1) - z) / (a^power / learning_rate + twice_l2)
  void (*ftrl)(T* w, const T* dw, T* a, T* z, const FtrlSettings<T>& settings, int64_t n);

  // x = (w - (1 - beta_1) z) / beta_1;  v += (1 - beta_2)(dw² - v)
  // z -= learning_rate dw / (sqrt(square_scale v) + epsilon);  x += weight (z - x);  w = (1 - beta_1) z + beta_1 x
  void (*schedule_free)(T* w, const T* dw, T* z, T* v, const ScheduleFreeSettings<T>& settings, int64_t n);

  // w = keep w + add x, where a factor of 0 takes no part: it also removes NaN
  void (*blend)(T* w, const T* x, T keep, T add, int64_t n);
};

JUANJI_KERNEL_FAMILY(UpdateTable, update)

}  // namespace juanji::kernels
