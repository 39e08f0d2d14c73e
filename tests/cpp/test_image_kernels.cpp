// Sampling, resizing and median kernels of every instruction set against plain loops.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/median.hpp"
#include "kernels/resample.hpp"
#include "kernels/sample.hpp"

namespace juanji {
namespace {

class ImageKernels : public testing::TestWithParam<Isa> {};

constexpr double kGuard = -77;  // behind every output, to show a write too far

template <class T>
std::vector<T> numbers(int64_t n, unsigned seed, double low, double high) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<T> values(static_cast<size_t>(n));
  for (T& v : values) v = static_cast<T>(uniform(engine));
  return values;
}

template <class T>
void check_resample(Isa isa) {
  const auto kernels = kernels::resample_of<T>(isa);
  const std::vector<int64_t> first = {0, 2, 2, 5}, source = {3, 0, 1, 1, 2};
  const std::vector<T> weight = numbers<T>(5, 1, -1, 1);
  const kernels::Sums<T> sums{4, 3, first.data(), source.data(), weight.data()};
  for (const int64_t inner : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33}) {
    const std::vector<T> x = numbers<T>(2 * 4 * inner, 2, -1, 1);
    std::vector<T> y(static_cast<size_t>(2 * 3 * inner) + 1, static_cast<T>(kGuard));
    kernels.lines(sums, x.data(), inner, 0, 6, y.data());
    for (int64_t i = 0; i < 6 * inner; ++i) {
      const int64_t line = i / inner;
      double wanted = 0;
      for (int64_t j = first[line % 3]; j < first[line % 3 + 1]; ++j) {
        wanted += double(weight[j]) * double(x[(line / 3 * 4 + source[j]) * inner + i % inner]);
      }
      ASSERT_NEAR(y[i], wanted, 4 * std::numeric_limits<T>::epsilon()) << "inner " << inner << " at " << i;
    }
    ASSERT_EQ(y.back(), static_cast<T>(kGuard));
  }
}

template <class T>
void check_median(Isa isa) {
  const auto kernels = kernels::median_of<T>(isa);
  for (const int64_t count : {1, 2, 3, 4, 8, 9, 25}) {
    alignas(64) char scratch[kernels::median_scratch(25)];
    for (const int64_t n : {1, 3, 4, 8, 15, 16, 17, 33}) {
      const std::vector<T> x = numbers<T>(count * n, 3, -1, 1);
      std::vector<const T*> lines;
      for (int64_t k = 0; k < count; ++k) lines.push_back(x.data() + k * n);
      std::vector<T> y(static_cast<size_t>(n) + 1, static_cast<T>(kGuard));
      kernels.line(lines.data(), count, n, scratch, y.data());
      for (int64_t i = 0; i < n; ++i) {
        std::vector<T> column;
        for (int64_t k = 0; k < count; ++k) column.push_back(x[k * n + i]);
        std::sort(column.begin(), column.end());
        ASSERT_EQ(y[i], column[count / 2]) << count << " lines of " << n << " at " << i;
      }
      ASSERT_EQ(y.back(), static_cast<T>(kGuard));
    }
  }
}

template <class T>
void check_sample(Isa isa) {
  const auto kernels = kernels::sample_of<T>(isa);
  const int64_t h = 4, w = 5, n = 40;
  const std::vector<T> points = numbers<T>(2 * n, 4, -2, 6);
  for (const int64_t c : {1, 2, 3, 9, 17}) {
    const std::vector<T> x = numbers<T>(h * w * c, 5, -1, 1);
    const kernels::SampleShape s{2, {h, w}, c, kernels::FillMode::constant, kernels::Sampling::linear};
    std::vector<T> y(static_cast<size_t>(n * c) + 1, static_cast<T>(kGuard));
    kernels.gather(s, x.data(), points.data(), n, n, T(0.5), y.data());
    for (int64_t i = 0; i < n * c; ++i) {
      const double v = points[i / c], u = points[n + i / c];
      double wanted = 0;
      for (int64_t corner = 0; corner < 4; ++corner) {
        const double row = std::floor(v) + double(corner / 2), column = std::floor(u) + double(corner % 2);
        const bool inside = row >= 0 && row < h && column >= 0 && column < w;
        const double value = inside ? x[(int64_t(row) * w + int64_t(column)) * c + i % c] : 0.5;
        wanted += (1 - std::abs(v - row)) * (1 - std::abs(u - column)) * value;
      }
      ASSERT_NEAR(y[i], wanted, 8 * std::numeric_limits<T>::epsilon()) << c << " channels at " << i;
    }
    ASSERT_EQ(y.back(), static_cast<T>(kGuard));
  }
}

TEST_P(ImageKernels, Resample) {
  check_resample<float>(GetParam());
  check_resample<double>(GetParam());
}

TEST_P(ImageKernels, Median) {
  check_median<float>(GetParam());
  check_median<double>(GetParam());
}

TEST_P(ImageKernels, Sample) {
  check_sample<float>(GetParam());
  check_sample<double>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(EverySet, ImageKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
