#include "kernels/update.hpp"

#include "simd/lanes.hpp"

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

}  // namespace

template <class T>
UpdateTable<T> update() {
  return {&sgd<T>, &sgd_momentum<T, false>, &sgd_momentum<T, true>, &rmsprop<T>, &adam<T>};
}

template UpdateTable<float> update<float>();
template UpdateTable<double> update<double>();

}  // namespace juanji::kernels::JUANJI_ISA
