// Kernels that normalise rows against long double, with neighbours that would show a read or write too far.
#include "kernel_sets.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/row_norm.hpp"

namespace juanji {
namespace {

class RowNormKernels : public testing::TestWithParam<Isa> {};

constexpr double kEpsilon = 1e-3;
constexpr int64_t kRows = 9;  // one more than are done at once

size_t at(int64_t i) { return static_cast<size_t>(i); }

// NaN follows the last element, and a guard what is written.
template <class T>
std::vector<T> numbers(int64_t n, double phase) {
  std::vector<T> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<T>(0.4 + std::sin(1.7 * static_cast<double>(i) + phase)));
  x.push_back(std::numeric_limits<T>::quiet_NaN());
  return x;
}

template <class T>
void check(Isa isa, int64_t n, bool centered) {
  const auto kernels = kernels::row_norm_of<T>(isa);
  const long double eps = std::numeric_limits<T>::epsilon();
  const T guard = -77;
  const std::vector<T> x = numbers<T>(kRows * n, 0.3), dy = numbers<T>(kRows * n, 0.9), gamma = numbers<T>(n, 0.5),
                       beta = numbers<T>(n, 0.7);
  std::vector<T> y(x.size(), guard), dx(x.size(), guard), mean(at(kRows) + 1, guard), inverse(at(kRows) + 1, guard);
  std::vector<T> dgamma(at(n) + 1, 1), dbeta(at(n) + 1, 2);  // what is there already is added to
  kernels.forward(x.data(), gamma.data(), beta.data(), y.data(), mean.data(), inverse.data(), kRows, n, kEpsilon,
                  centered);
  kernels.gradient(dy.data(), x.data(), gamma.data(), mean.data(), inverse.data(), dx.data(), dgamma.data(),
                   dbeta.data(), kRows, n, centered);
  std::vector<long double> gamma_sum(at(n), 1), beta_sum(at(n), 2);
  for (int64_t r = 0; r < kRows; ++r) {
    const T *row = x.data() + r * n, *arriving = dy.data() + r * n;
    long double center = 0, squares = 0, level = 0, slope = 0;
    for (int64_t i = 0; i < n; ++i) center += centered ? static_cast<long double>(row[i]) / n : 0;
    for (int64_t i = 0; i < n; ++i) squares += (row[i] - center) * (row[i] - center) / n;
    const long double scale = 1 / std::sqrt(squares + kEpsilon);
    for (int64_t i = 0; i < n; ++i) {
      const long double u = (row[i] - center) * scale, g = static_cast<long double>(arriving[i]) * gamma[at(i)];
      level += centered ? g / n : 0;
      slope += g * u / n;
      gamma_sum[at(i)] += arriving[i] * u;
      beta_sum[at(i)] += arriving[i];
    }
    // An error of the mean of some eps is as much larger in y as the deviation is smaller.
    const long double bound = 64 * eps * scale * (1 + scale);
    for (int64_t i = 0; i < n; ++i) {
      const long double u = (row[i] - center) * scale;
      EXPECT_LE(std::fabs(y[at(r * n + i)] - (u * gamma[at(i)] + beta[at(i)])), bound) << n << " row " << r;
      const long double exact = (static_cast<long double>(arriving[i]) * gamma[at(i)] - level - u * slope) * scale;
      EXPECT_LE(std::fabs(dx[at(r * n + i)] - exact), bound * scale) << n << " row " << r;
    }
  }
  const long double steepest = 1 / std::sqrt(static_cast<long double>(kEpsilon));
  for (int64_t i = 0; i < n; ++i) {
    EXPECT_LE(std::fabs(dgamma[at(i)] - gamma_sum[at(i)]), 64 * eps * (n == 1 ? steepest * steepest : kRows * 4));
    EXPECT_LE(std::fabs(dbeta[at(i)] - beta_sum[at(i)]), 2 * kRows * eps * 4);
  }
  for (const auto* written : {&y, &dx, &mean, &inverse}) EXPECT_EQ(written->back(), guard) << n;
  EXPECT_EQ(dgamma.back(), 1);
  EXPECT_EQ(dbeta.back(), 2);
}

template <class T>
void check_all(Isa isa) {
  for (const bool centered : {true, false}) {
    for (int64_t n = 1; n <= 70; ++n) check<T>(isa, n, centered);
    for (const int64_t n : {255, 256, 257, 2048, 2049, 4096, 4100}) check<T>(isa, n, centered);
  }
}

TEST_P(RowNormKernels, Float) { check_all<float>(GetParam()); }
TEST_P(RowNormKernels, Double) { check_all<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, RowNormKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
