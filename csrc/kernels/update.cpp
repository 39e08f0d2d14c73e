#include "kernels/update.hpp"

#include "simd/lanes.hpp"
#include "simd/math.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
void sgd(T* w, const T* dw, T learning_rate, int64_t n) {
  const Vec<T> rate = broadcast(learning_rate);
  for_vectors<T>(n, [=](int64_t i, auto lanes) { lanes.store(w + i, lanes.load(w + i) - rate * lanes.load(dw + i)); });
}

template <class T, bool kNesterov>
void sgd_momentum(T* w, const T* dw, T* m, T learning_rate, T momentum, int64_t n) {
  const Vec<T> rate = broadcast(learning_rate);
  const Vec<T> keep = broadcast(momentum);
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> step = rate * lanes.load(dw + i);
    const Vec<T> moment = keep * lanes.load(m + i) - step;
    lanes.store(m + i, moment);
    lanes.store(w + i, lanes.load(w + i) + (kNesterov ? keep * moment - step : moment));
  });
}

template <class T, bool kMomentum, bool kCentered>
void rmsprop_variant(T* w, const T* dw, T* v, T* m, T* g, const RmspropSettings<T>& settings, int64_t n) {
  const RmspropSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    const Vec<T> square = s.rho * lanes.load(v + i) + s.one_minus_rho * (gradient * gradient);
    lanes.store(v + i, square);
    Vec<T> variance = square;
    if (kCentered) {
      const Vec<T> mean = s.rho * lanes.load(g + i) + s.one_minus_rho * gradient;
      lanes.store(g + i, mean);
      variance -= mean * mean;
    }
    Vec<T> step = s.learning_rate * gradient / sqrt(variance + s.epsilon);
    if (kMomentum) {
      step += s.momentum * lanes.load(m + i);
      lanes.store(m + i, step);
    }
    lanes.store(w + i, lanes.load(w + i) - step);
  });
}

template <class T>
void rmsprop(T* w, const T* dw, T* v, T* m, T* g, const RmspropSettings<T>& settings, int64_t n) {
  const auto run = m ? (g ? &rmsprop_variant<T, true, true> : &rmsprop_variant<T, true, false>)
                     : (g ? &rmsprop_variant<T, false, true> : &rmsprop_variant<T, false, false>);
  run(w, dw, v, m, g, settings, n);
}

template <class T, bool kAmsgrad>
void adam_variant(T* w, const T* dw, T* m, T* v, T* vhat, const AdamSettings<T>& settings, int64_t n) {
  const AdamSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    Vec<T> mean = lanes.load(m + i);
    Vec<T> square = lanes.load(v + i);
    mean += s.one_minus_beta_1 * (gradient - mean);
    square += s.one_minus_beta_2 * (gradient * gradient - square);
    lanes.store(m + i, mean);
    lanes.store(v + i, square);
    if (kAmsgrad) {
      square = max(lanes.load(vhat + i), square);  // a NaN of v stays
      lanes.store(vhat + i, square);
    }
    lanes.store(w + i, lanes.load(w + i) - s.alpha * mean / (sqrt(square) + s.epsilon));
  });
}

template <class T>
void adam(T* w, const T* dw, T* m, T* v, T* vhat, const AdamSettings<T>& settings, int64_t n) {
  (vhat ? &adam_variant<T, true> : &adam_variant<T, false>)(w, dw, m, v, vhat, settings, n);
}

template <class T>
void adagrad(T* w, const T* dw, T* a, const AdagradSettings<T>& settings, int64_t n) {
  const AdagradSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    const Vec<T> sum = lanes.load(a + i) + gradient * gradient;
    lanes.store(a + i, sum);
    lanes.store(w + i, lanes.load(w + i) - s.learning_rate * gradient / sqrt(sum + s.epsilon));
  });
}

template <class T>
void adadelta(T* w, const T* dw, T* a, T* d, const AdadeltaSettings<T>& settings, int64_t n) {
  const AdadeltaSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    const Vec<T> square = s.rho * lanes.load(a + i) + s.one_minus_rho * (gradient * gradient);
    const Vec<T> moved = lanes.load(d + i);
    const Vec<T> step = sqrt(moved + s.epsilon) * gradient / sqrt(square + s.epsilon);
    lanes.store(a + i, square);
    lanes.store(d + i, s.rho * moved + s.one_minus_rho * (step * step));
    lanes.store(w + i, lanes.load(w + i) - s.learning_rate * step);
  });
}

template <class T>
void adamax(T* w, const T* dw, T* m, T* u, const AdamaxSettings<T>& settings, int64_t n) {
  const AdamaxSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    Vec<T> mean = lanes.load(m + i);
    mean += s.one_minus_beta_1 * (gradient - mean);
    const Vec<T> largest = max(s.beta_2 * lanes.load(u + i), abs(gradient));  // a NaN of the gradient stays
    lanes.store(m + i, mean);
    lanes.store(u + i, largest);
    lanes.store(w + i, lanes.load(w + i) - s.alpha * mean / (largest + s.epsilon));
  });
}

template <class T>
void nadam(T* w, const T* dw, T* m, T* v, const NadamSettings<T>& settings, int64_t n) {
  const NadamSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    Vec<T> mean = lanes.load(m + i);
    Vec<T> square = lanes.load(v + i);
    mean += s.one_minus_beta_1 * (gradient - mean);
    square += s.one_minus_beta_2 * (gradient * gradient - square);
    lanes.store(m + i, mean);
    lanes.store(v + i, square);
    const Vec<T> step = s.alpha_mean * mean + s.alpha_gradient * gradient;
    lanes.store(w + i, lanes.load(w + i) - step / (sqrt(s.square_scale * square) + s.epsilon));
  });
}

template <class T>
void lion(T* w, const T* dw, T* m, const LionSettings<T>& settings, int64_t n) {
  const LionSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    const Vec<T> mean = lanes.load(m + i);
    const Vec<T> mixed = s.beta_1 * mean + s.one_minus_beta_1 * gradient;
    const Vec<T> negative_or_self = mixed < T{0} ? broadcast(T{-1}) : mixed;  // zero and NaN stay
    const Vec<T> sign = mixed > T{0} ? broadcast(T{1}) : negative_or_self;
    lanes.store(w + i, lanes.load(w + i) - s.learning_rate * sign);
    lanes.store(m + i, s.beta_2 * mean + s.one_minus_beta_2 * gradient);
  });
}

enum class Power { kZero, kHalf, kAny };

template <Power kPower, class V>
JUANJI_INLINE V power_of(V x, Lane<V> exponent) {
  if (kPower == Power::kZero) return broadcast(Lane<V>{1});
  if (kPower == Power::kHalf) return sqrt(x);
  return exp(exponent * log(x));
}

template <class T, Power kPower>
void ftrl_variant(T* w, const T* dw, T* a, T* z, const FtrlSettings<T>& settings, int64_t n) {
  const FtrlSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    const Vec<T> weight = lanes.load(w + i);
    const Vec<T> sum = lanes.load(a + i);
    const Vec<T> new_sum = sum + gradient * gradient;
    const Vec<T> new_root = power_of<kPower>(new_sum, s.power);
    const Vec<T> sigma = (new_root - power_of<kPower>(sum, s.power)) / s.learning_rate;
    const Vec<T> linear = lanes.load(z + i) + (gradient + s.twice_shrinkage * weight - sigma * weight);
    const Vec<T> clipped = min(broadcast(s.l1), max(broadcast(-s.l1), linear));
    lanes.store(a + i, new_sum);
    lanes.store(z + i, linear);
    lanes.store(w + i, (clipped - linear) / (new_root / s.learning_rate + s.twice_l2));
  });
}

template <class T>
void ftrl(T* w, const T* dw, T* a, T* z, const FtrlSettings<T>& settings, int64_t n) {
  const auto run = settings.power == T{0}     ? &ftrl_variant<T, Power::kZero>
                   : settings.power == T{0.5} ? &ftrl_variant<T, Power::kHalf>
                                              : &ftrl_variant<T, Power::kAny>;
  run(w, dw, a, z, settings, n);
}

template <class T>
void schedule_free(T* w, const T* dw, T* z, T* v, const ScheduleFreeSettings<T>& settings, int64_t n) {
  const ScheduleFreeSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = lanes.load(dw + i);
    Vec<T> point = lanes.load(z + i);
    Vec<T> average = (lanes.load(w + i) - s.one_minus_beta_1 * point) / s.beta_1;
    Vec<T> square = lanes.load(v + i);
    square += s.one_minus_beta_2 * (gradient * gradient - square);
    point -= s.learning_rate * gradient / (sqrt(s.square_scale * square) + s.epsilon);
    average += s.weight * (point - average);
    lanes.store(v + i, square);
    lanes.store(z + i, point);
    lanes.store(w + i, s.one_minus_beta_1 * point + s.beta_1 * average);
  });
}

template <class T, bool kKeep, bool kAdd>
void blend_variant(T* w, const T* x, T keep, T add, int64_t n) {
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    Vec<T> sum{};
    if (kAdd) sum = add * lanes.load(x + i);
    if (kKeep) sum = keep * lanes.load(w + i) + sum;
    lanes.store(w + i, sum);
  });
}

template <class T>
void blend(T* w, const T* x, T keep, T add, int64_t n) {
  const bool keeps = keep != T{0};
  const bool adds = add != T{0};
  const auto run = keeps ? (adds ? &blend_variant<T, true, true> : &blend_variant<T, true, false>)
                         : (adds ? &blend_variant<T, false, true> : &blend_variant<T, false, false>);
  run(w, x, keep, add, n);
}

}  // namespace

template <class T>
UpdateTable<T> update() {
  return {&sgd<T>,
          &sgd_momentum<T, false>,
          &sgd_momentum<T, true>,
          &rmsprop<T>,
          &adam<T>,
          &adagrad<T>,
          &adadelta<T>,
          &adamax<T>,
          &nadam<T>,
          &lion<T>,
          &ftrl<T>,
          &schedule_free<T>,
          &blend<T>};
}

template UpdateTable<float> update<float>();
template UpdateTable<double> update<double>();

}  // namespace juanji::kernels::JUANJI_ISA
