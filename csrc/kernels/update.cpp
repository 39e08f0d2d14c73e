#include "kernels/update.hpp"

#include "simd/sweep.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

template <class T>
void sgd(T* w, const T* dw, T learning_rate, int64_t n) {
  const Vec<T> rate = broadcast(learning_rate);
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    write<T>(w + i, read(w + i, lanes) - rate * read(dw + i, lanes), lanes);
  });
}

template <class T, bool kNesterov>
void sgd_momentum(T* w, const T* dw, T* m, T learning_rate, T momentum, int64_t n) {
  const Vec<T> rate = broadcast(learning_rate);
  const Vec<T> keep = broadcast(momentum);
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> step = rate * read(dw + i, lanes);
    const Vec<T> moment = keep * read(m + i, lanes) - step;
    write<T>(m + i, moment, lanes);
    write<T>(w + i, read(w + i, lanes) + (kNesterov ? keep * moment - step : moment), lanes);
  });
}

template <class T, bool kMomentum, bool kCentered>
void rmsprop_variant(T* w, const T* dw, T* v, T* m, T* g, const RmspropSettings<T>& settings, int64_t n) {
  const RmspropSettings<T> s = settings;
  for_vectors<T>(n, [=](int64_t i, auto lanes) {
    const Vec<T> gradient = read(dw + i, lanes);
    const Vec<T> square = s.rho * read(v + i, lanes) + s.one_minus_rho * (gradient * gradient);
    write<T>(v + i, square, lanes);
    Vec<T> variance = square;
    if (kCentered) {
      const Vec<T> mean = s.rho * read(g + i, lanes) + s.one_minus_rho * gradient;
      write<T>(g + i, mean, lanes);
      variance -= mean * mean;
    }
    Vec<T> step = s.learning_rate * gradient / sqrt(variance + s.epsilon);
    if (kMomentum) {
      step += s.momentum * read(m + i, lanes);
      write<T>(m + i, step, lanes);
    }
    write<T>(w + i, read(w + i, lanes) - step, lanes);
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
    const Vec<T> gradient = read(dw + i, lanes);
    Vec<T> mean = read(m + i, lanes);
    Vec<T> square = read(v + i, lanes);
    mean += s.one_minus_beta_1 * (gradient - mean);
    square += s.one_minus_beta_2 * (gradient * gradient - square);
    write<T>(m + i, mean, lanes);
    write<T>(v + i, square, lanes);
    if (kAmsgrad) {
      square = max(read(vhat + i, lanes), square);  // a NaN of v stays
      write<T>(vhat + i, square, lanes);
    }
    write<T>(w + i, read(w + i, lanes) - s.alpha * mean / (sqrt(square) + s.epsilon), lanes);
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
