#include "ops/update_rules.hpp"

#include <cmath>

#include "core/check.hpp"
#include "kernels/update.hpp"

namespace juanji {

void AdagradUpdate::update(const Range& range, const double* scalars) const {
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::AdagradSettings<T> settings{static_cast<T>(scalars[0]), static_cast<T>(epsilon)};
    kernels::update<T>().adagrad(range.at<T>(0), range.at<T>(1), range.at<T>(2), settings, range.size());
  });
}

AdadeltaUpdate::AdadeltaUpdate(double rho, double epsilon) : rho(rho), epsilon(epsilon) {
  check_share("adadelta_update", "rho", rho, true);
}

void AdadeltaUpdate::update(const Range& range, const double* scalars) const {
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::AdadeltaSettings<T> settings{static_cast<T>(scalars[0]), static_cast<T>(rho),
                                                static_cast<T>(1 - rho), static_cast<T>(epsilon)};
    kernels::update<T>().adadelta(range.at<T>(0), range.at<T>(1), range.at<T>(2), range.at<T>(3), settings,
                                  range.size());
  });
}

AdamaxUpdate::AdamaxUpdate(double beta_1, double beta_2, double epsilon)
    : beta_1(beta_1),
      beta_2(beta_2),
      epsilon(epsilon) {
  check_share("adamax_update", "beta_1", beta_1, false);
  check_share("adamax_update", "beta_2", beta_2, true);
}

void AdamaxUpdate::update(const Range& range, const double* scalars) const {
  const double alpha = scalars[0] / (1 - std::pow(beta_1, scalars[1]));
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::AdamaxSettings<T> settings{static_cast<T>(alpha), static_cast<T>(1 - beta_1), static_cast<T>(beta_2),
                                              static_cast<T>(epsilon)};
    kernels::update<T>().adamax(range.at<T>(0), range.at<T>(1), range.at<T>(2), range.at<T>(3), settings, range.size());
  });
}

NadamUpdate::NadamUpdate(double beta_1, double beta_2, double epsilon)
    : beta_1(beta_1),
      beta_2(beta_2),
      epsilon(epsilon) {
  check_share("nadam_update", "beta_1", beta_1, false);
  check_share("nadam_update", "beta_2", beta_2, false);
}

void NadamUpdate::update(const Range& range, const double* scalars) const {
  const double rate = scalars[0];
  const double step = scalars[1];
  const double product = scalars[2];
  const double mu = beta_1 * (1 - 0.5 * std::pow(0.96, step));
  const double next_mu = beta_1 * (1 - 0.5 * std::pow(0.96, step + 1));
  const double alpha_mean = rate * next_mu / (1 - product * next_mu);
  const double alpha_gradient = rate * (1 - mu) / (1 - product);
  const double square_scale = 1 / (1 - std::pow(beta_2, step));
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::NadamSettings<T> settings{static_cast<T>(alpha_mean),   static_cast<T>(alpha_gradient),
                                             static_cast<T>(square_scale), static_cast<T>(1 - beta_1),
                                             static_cast<T>(1 - beta_2),   static_cast<T>(epsilon)};
    kernels::update<T>().nadam(range.at<T>(0), range.at<T>(1), range.at<T>(2), range.at<T>(3), settings, range.size());
  });
}

LionUpdate::LionUpdate(double beta_1, double beta_2) : beta_1(beta_1), beta_2(beta_2) {
  check_share("lion_update", "beta_1", beta_1, true);
  check_share("lion_update", "beta_2", beta_2, true);
}

void LionUpdate::update(const Range& range, const double* scalars) const {
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::LionSettings<T> settings{static_cast<T>(scalars[0]), static_cast<T>(beta_1),
                                            static_cast<T>(1 - beta_1), static_cast<T>(beta_2),
                                            static_cast<T>(1 - beta_2)};
    kernels::update<T>().lion(range.at<T>(0), range.at<T>(1), range.at<T>(2), settings, range.size());
  });
}

FtrlUpdate::FtrlUpdate(double learning_rate_power, double l1, double l2, double l2_shrinkage, double beta)
    : learning_rate_power(learning_rate_power),
      l1(l1),
      l2(l2),
      l2_shrinkage(l2_shrinkage),
      beta(beta) {
  if (!(learning_rate_power <= 0)) {
    fail("ftrl_update", "learning_rate_power is out of range", "0 or below", "learning_rate_power", learning_rate_power,
         "");
  }
}

void FtrlUpdate::update(const Range& range, const double* scalars) const {
  const double rate = scalars[0];
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::FtrlSettings<T> settings{static_cast<T>(rate), static_cast<T>(-learning_rate_power),
                                            static_cast<T>(l1), static_cast<T>(2 * l2 + beta / rate),
                                            static_cast<T>(2 * l2_shrinkage)};
    kernels::update<T>().ftrl(range.at<T>(0), range.at<T>(1), range.at<T>(2), range.at<T>(3), settings, range.size());
  });
}

ScheduleFreeUpdate::ScheduleFreeUpdate(double beta_1, double beta_2, double epsilon)
    : beta_1(beta_1),
      beta_2(beta_2),
      epsilon(epsilon) {
  check_share("schedule_free_update", "beta_1", beta_1, true);
  check_share("schedule_free_update", "beta_2", beta_2, false);
}

void ScheduleFreeUpdate::update(const Range& range, const double* scalars) const {
  const double step = scalars[1];
  const double square_scale = 1 / (1 - std::pow(beta_2, step));
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::ScheduleFreeSettings<T> settings{
        static_cast<T>(scalars[0]),   static_cast<T>(beta_1),   static_cast<T>(1 - beta_1), static_cast<T>(1 - beta_2),
        static_cast<T>(square_scale), static_cast<T>(1 / step), static_cast<T>(epsilon)};
    kernels::update<T>().schedule_free(range.at<T>(0), range.at<T>(1), range.at<T>(2), range.at<T>(3), settings,
                                       range.size());
  });
}

void BlendUpdate::update(const Range& range, const double* scalars) const {
  dispatch_float(range.arrays[0]->spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::update<T>().blend(range.at<T>(0), range.at<T>(1), static_cast<T>(scalars[0]), static_cast<T>(scalars[1]),
                               range.size());
  });
}

}  // namespace juanji
