// Softmax, cross-entropy, optimizer and random kernels of every instruction set against plain loops.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/cross_entropy.hpp"
#include "kernels/random.hpp"
#include "kernels/softmax.hpp"
#include "kernels/update.hpp"

namespace juanji {
namespace {

class NnKernels : public testing::TestWithParam<Isa> {};

constexpr double kGuard = -77;  // behind every output, to show a write too far

template <class T>
std::vector<T> numbers(int64_t n, unsigned seed, double scale) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal(0, scale);
  std::vector<T> values(static_cast<size_t>(n));
  for (T& v : values) v = static_cast<T>(normal(engine));
  return values;
}

template <class T>
std::vector<T> guarded(int64_t n) {
  return std::vector<T>(static_cast<size_t>(n) + 1, static_cast<T>(kGuard));
}

template <class T>
void check_softmax(Isa isa) {
  const auto kernels = kernels::softmax_of<T>(isa);
  const auto losses = kernels::cross_entropy_of<T>(isa);
  const double eps = std::numeric_limits<T>::epsilon();
  for (const int64_t classes : {1, 2, 10, 15, 16, 17, 31, 32, 33, 47, 64, 65}) {
    for (const int64_t rows : {1, 3, 8, 15, 16, 17, 33}) {
      const std::vector<T> x = numbers<T>(rows * classes, 1, 3.0);
      std::vector<T> y = guarded<T>(rows * classes), log_y = y, p = y, loss = guarded<T>(rows);
      std::vector<int64_t> labels(static_cast<size_t>(rows));
      for (size_t r = 0; r < labels.size(); ++r) labels[r] = static_cast<int64_t>(r * 7) % classes;
      kernels.softmax(x.data(), y.data(), rows, classes);
      kernels.log_softmax(x.data(), log_y.data(), rows, classes);
      losses.sparse(x.data(), labels.data(), loss.data(), p.data(), rows, classes);
      for (int64_t r = 0; r < rows; ++r) {
        const T* row = x.data() + r * classes;
        const double largest = *std::max_element(row, row + classes);
        double sum = 0;
        for (int64_t c = 0; c < classes; ++c) sum += std::exp(row[c] - largest);
        for (int64_t c = 0; c < classes; ++c) {
          const auto i = static_cast<size_t>(r * classes + c);
          const double want = row[c] - largest - std::log(sum);
          EXPECT_NEAR(log_y[i], want, 32 * eps * std::max(1.0, -want)) << rows << 'x' << classes;
          EXPECT_NEAR(y[i], std::exp(want), 32 * eps) << rows << 'x' << classes;
          EXPECT_EQ(y[i], p[i]);
        }
        const auto l = static_cast<size_t>(r);
        const double want = std::log(sum) - (row[labels[l]] - largest);
        EXPECT_NEAR(loss[l], want, 32 * eps * std::max(1.0, want)) << rows << 'x' << classes;
      }
      for (const T guard : {y.back(), log_y.back(), p.back(), loss.back()}) EXPECT_EQ(guard, static_cast<T>(kGuard));
    }
  }
}

TEST_P(NnKernels, SoftmaxInFloat) { check_softmax<float>(GetParam()); }
TEST_P(NnKernels, SoftmaxInDouble) { check_softmax<double>(GetParam()); }

template <class T>
void check_adam(Isa isa) {
  const auto kernels = kernels::update_of<T>(isa);
  const kernels::AdamSettings<T> s{T(0.01), T(0.1), T(0.001), T(1e-7)};
  const double eps = std::numeric_limits<T>::epsilon();
  for (int64_t n = 0; n <= 50; ++n) {
    const std::vector<T> dw = numbers<T>(n, 2, 1.0);
    std::vector<T> w = guarded<T>(n), m = w, v = w;
    for (size_t i = 0; i < dw.size(); ++i) w[i] = T(1), m[i] = T(0.5), v[i] = T(0.25);
    kernels.adam(w.data(), dw.data(), m.data(), v.data(), nullptr, s, n);
    for (size_t i = 0; i < dw.size(); ++i) {
      const double g = dw[i];
      const double mean = 0.5 + static_cast<double>(s.one_minus_beta_1) * (g - 0.5);
      const double square = 0.25 + static_cast<double>(s.one_minus_beta_2) * (g * g - 0.25);
      EXPECT_NEAR(m[i], mean, 4 * eps);
      EXPECT_NEAR(v[i], square, 4 * eps);
      EXPECT_NEAR(w[i], 1 - static_cast<double>(s.alpha) * mean / (std::sqrt(square) + 1e-7), 4 * eps);
    }
    for (const T guard : {w.back(), m.back(), v.back()}) EXPECT_EQ(guard, static_cast<T>(kGuard)) << n;
  }
}

// Every further rule on one element: what the set gives equals what it gives for that element alone, and the sums that
// are easy to write down are right.
template <class T>
void check_rules(Isa isa) {
  const auto k = kernels::update_of<T>(isa);
  const kernels::AdagradSettings<T> adagrad{T(0.1), T(1e-3)};
  const kernels::AdadeltaSettings<T> adadelta{T(0.1), T(0.9), T(0.1), T(1e-3)};
  const kernels::AdamaxSettings<T> adamax{T(0.1), T(0.1), T(0.99), T(1e-3)};
  const kernels::NadamSettings<T> nadam{T(0.1), T(0.2), T(1.5), T(0.1), T(0.01), T(1e-3)};
  const kernels::LionSettings<T> lion{T(0.1), T(0.9), T(0.1), T(0.99), T(0.01)};
  const kernels::FtrlSettings<T> ftrl[] = {{T(0.1), T(0.5), T(0.2), T(0.1), T(0.3)},
                                           {T(0.1), T(0), T(0.2), T(0.1), T(0.3)},
                                           {T(0.1), T(0.7), T(0.2), T(0.1), T(0.3)}};
  const kernels::ScheduleFreeSettings<T> free{T(0.1), T(0.9), T(0.1), T(0.01), T(1.5), T(0.25), T(1e-3)};
  const auto run = [&](int rule, T* w, const T* dw, T* a, T* b, int64_t n) {
    if (rule == 0) k.adagrad(w, dw, a, adagrad, n);
    if (rule == 1) k.adadelta(w, dw, a, b, adadelta, n);
    if (rule == 2) k.adamax(w, dw, a, b, adamax, n);
    if (rule == 3) k.nadam(w, dw, a, b, nadam, n);
    if (rule == 4) k.lion(w, dw, a, lion, n);
    if (rule >= 5 && rule < 8) k.ftrl(w, dw, a, b, ftrl[rule - 5], n);
    if (rule == 8) k.schedule_free(w, dw, a, b, free, n);
    if (rule == 9) k.blend(w, dw, T(0.5), T(0.25), n);
    if (rule == 10) k.blend(w, dw, T(0), T(0.25), n);
  };
  const double eps = std::numeric_limits<T>::epsilon();
  for (int rule = 0; rule <= 10; ++rule) {
    for (const int64_t n : {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 50}) {
      const std::vector<T> dw = numbers<T>(n, 2, 1.0);
      std::vector<T> w = guarded<T>(n), a = w, b = w;
      for (size_t i = 0; i < dw.size(); ++i) w[i] = T(1), a[i] = T(0.5), b[i] = T(0.25);
      run(rule, w.data(), dw.data(), a.data(), b.data(), n);
      for (size_t i = 0; i < dw.size(); ++i) {
        T one[] = {T(1), T(0.5), T(0.25)};
        run(rule, &one[0], &dw[i], &one[1], &one[2], 1);
        EXPECT_EQ(w[i], one[0]) << "rule " << rule << ", n=" << n;
        EXPECT_EQ(a[i], one[1]) << "rule " << rule << ", n=" << n;
        EXPECT_EQ(b[i], one[2]) << "rule " << rule << ", n=" << n;
        const double g = dw[i];
        const double sum = 0.5 + g * g;
        if (rule == 0) {
          EXPECT_NEAR(w[i], 1 - 0.1 * g / std::sqrt(sum + 1e-3), 8 * eps);
        }
        if (rule == 4) {
          EXPECT_EQ(w[i], T(1) - T(0.1) * (0.45 + 0.1 * g > 0 ? T(1) : T(-1)));
        }
        if (rule >= 5 && rule < 8) {
          EXPECT_NEAR(a[i], sum, 4 * eps * sum);
        }
        if (rule == 9) {
          EXPECT_NEAR(w[i], 0.5 + 0.25 * g, 4 * eps);
        }
      }
      for (const T guard : {w.back(), a.back(), b.back()}) EXPECT_EQ(guard, static_cast<T>(kGuard)) << n;
    }
  }
}

TEST_P(NnKernels, UpdateRulesInFloat) { check_rules<float>(GetParam()); }
TEST_P(NnKernels, UpdateRulesInDouble) { check_rules<double>(GetParam()); }

TEST_P(NnKernels, AdamInFloat) { check_adam<float>(GetParam()); }
TEST_P(NnKernels, AdamInDouble) { check_adam<double>(GetParam()); }

template <class T>
void check_random(Isa isa) {
  const auto kernels = kernels::random_of<T>(isa);
  const auto baseline = kernels::random_of<T>(Isa::baseline);
  const PhiloxStream stream{42, 7};
  for (const int64_t n : {0, 1, 31, 32, 33, 63, 64, 65, 1000}) {
    const std::vector<T> x = numbers<T>(n, 3, 1.0);
    std::vector<T> got[4], want[4];
    for (int k = 0; k < 4; ++k) got[k] = want[k] = guarded<T>(n);
    const auto run = [&](const kernels::RandomTable<T>& table, std::vector<T>(&y)[4]) {
      table.uniform(stream, 640, y[0].data(), n, T(-0.3), T(0.7));
      table.normal(stream, 640, y[1].data(), n, T(0.1), T(0.3));
      table.truncated_normal(stream, 640, y[2].data(), n, T(0.1), T(0.3));
      table.dropout(stream, 640, x.data(), y[3].data(), n, 1u << 30, T(4.0 / 3));
    };
    run(kernels, got);
    run(baseline, want);
    for (int k = 0; k < 4; ++k) EXPECT_EQ(got[k], want[k]) << "function " << k << ", n=" << n;
  }
}

TEST_P(NnKernels, RandomBitsInFloat) { check_random<float>(GetParam()); }
TEST_P(NnKernels, RandomBitsInDouble) { check_random<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, NnKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
