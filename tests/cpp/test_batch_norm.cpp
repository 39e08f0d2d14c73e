// Batch normalisation kernels against long double, with neighbours that would show a read or write too far.
#include "kernel_sets.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/batch_norm.hpp"

namespace juanji {
namespace {

class BatchNormKernels : public testing::TestWithParam<Isa> {};

constexpr int64_t kRows[] = {1, 2, 5, 63, 64, 65, 200};

std::vector<int64_t> widths() {
  std::vector<int64_t> all{127, 128, 129, 300};  // around a chunk of columns
  for (int64_t cols = 1; cols <= 70; ++cols) all.push_back(cols);
  return all;
}

template <class T>
std::vector<T> numbers(int64_t n, double phase) {
  std::vector<T> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<T>(2 + std::sin(1.7 * static_cast<double>(i) + phase)));
  return x;
}

size_t at(int64_t i) { return static_cast<size_t>(i); }

template <class T>
void check_moments(Isa isa) {
  const auto kernels = kernels::batch_norm_of<T>(isa);
  const long double eps = std::numeric_limits<T>::epsilon();
  for (const int64_t rows : kRows) {
    for (const int64_t cols : widths()) {
      const int64_t stride = cols + 3;
      std::vector<T> x = numbers<T>(rows * stride, 0.3);
      for (int64_t i = 0; i < rows * stride; ++i) {
        if (i % stride >= cols) x[at(i)] = std::numeric_limits<T>::quiet_NaN();  // between the rows
      }
      std::vector<double> mean(at(cols) + 1, -77), squares(at(cols) + 1, -77);
      kernels.moments(x.data(), rows, stride, cols, mean.data(), squares.data());
      for (int64_t c = 0; c < cols; ++c) {
        long double exact_mean = 0, exact_squares = 0;
        for (int64_t r = 0; r < rows; ++r) exact_mean += x[at(r * stride + c)] / static_cast<long double>(rows);
        for (int64_t r = 0; r < rows; ++r) exact_squares += std::pow(x[at(r * stride + c)] - exact_mean, 2.0L);
        EXPECT_LE(std::fabs(mean[at(c)] - exact_mean), 2 * eps * exact_mean) << rows << "x" << cols;
        EXPECT_LE(std::fabs(squares[at(c)] - exact_squares), 16 * eps * (exact_squares + eps)) << rows << "x" << cols;
      }
      EXPECT_EQ(mean.back(), -77);
      EXPECT_EQ(squares.back(), -77);
    }
  }
}

TEST_P(BatchNormKernels, MomentsFloat) { check_moments<float>(GetParam()); }
TEST_P(BatchNormKernels, MomentsDouble) { check_moments<double>(GetParam()); }

// Everything that works element by element, on small whole numbers, which are computed exactly.
template <class T>
void check_elements(Isa isa) {
  const auto kernels = kernels::batch_norm_of<T>(isa);
  const auto whole = [](int64_t n, int64_t step) {
    std::vector<T> x;
    for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<T>(i * step % 7 - 3));
    return x;
  };
  for (const int64_t cols : widths()) {
    const std::vector<T> mean = whole(cols, 3), a = whole(cols, 2), b = whole(cols, 4), d = whole(cols, 5);
    for (const int64_t n : {cols, 3 * cols, 3 * cols - 1, 2 * cols + 1}) {
      const std::vector<T> x = whole(n, 5), dy = whole(n, 3), residual = whole(n, 4), mask = whole(n, 6);
      for (const bool flag : {false, true}) {
        for (const bool with_residual : {false, true}) {
          std::vector<T> y(at(n) + 1, T(-77));
          kernels.apply(flag, x.data(), with_residual ? residual.data() : nullptr, mean.data(), a.data(), d.data(),
                        y.data(), n, cols);
          for (int64_t i = 0; i < n; ++i) {
            const size_t c = at(i % cols);
            T v = (x[at(i)] - mean[c]) * a[c] + d[c] + (with_residual ? residual[at(i)] : T(0));
            if (flag && v < 0) v = 0;
            ASSERT_EQ(y[at(i)], v) << cols << " " << n << " " << i;
          }
          EXPECT_EQ(y.back(), T(-77));
        }
        std::vector<T> dx(at(n) + 1, T(-77));
        kernels.gradient(dy.data(), x.data(), mean.data(), {flag ? mask.data() : nullptr, nullptr, nullptr}, a.data(),
                         b.data(), d.data(), dx.data(), n, cols);
        for (int64_t i = 0; i < n; ++i) {
          const size_t c = at(i % cols);
          const T dz = flag && mask[at(i)] <= 0 ? T(0) : dy[at(i)];
          ASSERT_EQ(dx[at(i)], a[c] * dz + (b[c] * (x[at(i)] - mean[c]) + d[c])) << cols << " " << n << " " << i;
        }
        EXPECT_EQ(dx.back(), T(-77));
      }
    }
  }
}

TEST_P(BatchNormKernels, ElementsFloat) { check_elements<float>(GetParam()); }
TEST_P(BatchNormKernels, ElementsDouble) { check_elements<double>(GetParam()); }

template <class T>
void check_sums(Isa isa) {
  const auto kernels = kernels::batch_norm_of<T>(isa);
  for (const int64_t rows : kRows) {
    for (const int64_t cols : widths()) {
      const int64_t stride = cols + 2;
      std::vector<T> x, dy, y, mean;
      for (int64_t i = 0; i < rows * stride; ++i) {
        x.push_back(static_cast<T>(i * 5 % 7 - 3));
        dy.push_back(static_cast<T>(i * 3 % 5 - 2));
        y.push_back(static_cast<T>(i % 3 - 1));
      }
      for (int64_t c = 0; c < cols; ++c) mean.push_back(static_cast<T>(c % 3));
      for (const bool masked : {false, true}) {
        for (const bool keep : {false, true}) {
          std::vector<T> dz(x.size(), T(-77));
          std::vector<double> sum(at(cols) + 1, -77), dot(at(cols) + 1, -77);
          kernels.gradient_sums(dy.data(), x.data(), mean.data(), {masked ? y.data() : nullptr, nullptr, nullptr},
                                keep ? dz.data() : nullptr, rows, stride, cols, sum.data(), dot.data());
          for (int64_t c = 0; c < stride; ++c) {
            double exact_sum = 0, exact_dot = 0;
            for (int64_t r = 0; r < rows; ++r) {
              const size_t i = at(r * stride + c);
              const T d = masked && y[i] <= 0 ? T(0) : dy[i];
              ASSERT_EQ(dz[i], keep && c < cols ? d : T(-77)) << rows << "x" << cols << " " << c;
              if (c >= cols) continue;
              exact_sum += d;
              exact_dot += d * (x[i] - mean[at(c)]);
            }
            if (c >= cols) continue;
            ASSERT_EQ(sum[at(c)], exact_sum) << rows << "x" << cols << " " << c;
            ASSERT_EQ(dot[at(c)], exact_dot) << rows << "x" << cols << " " << c;
          }
          EXPECT_EQ(sum.back(), -77);
          EXPECT_EQ(dot.back(), -77);
        }
      }
    }
  }
}

TEST_P(BatchNormKernels, SumsFloat) { check_sums<float>(GetParam()); }
TEST_P(BatchNormKernels, SumsDouble) { check_sums<double>(GetParam()); }

// The mask computed from x is that of the result, bit for bit, also where the result is nearly 0.
template <class T>
void check_masks(Isa isa) {
  const auto kernels = kernels::batch_norm_of<T>(isa);
  for (const int64_t cols : widths()) {
    const int64_t rows = 67, n = rows * cols;
    const std::vector<T> x = numbers<T>(n, 0.1), dy = numbers<T>(n, 0.7), mean = numbers<T>(cols, 0.2);
    std::vector<T> scale = numbers<T>(cols, 0.5), shift, y(at(n));
    for (int64_t c = 0; c < cols; ++c) {
      scale[at(c)] *= static_cast<T>(c % 2 == 0 ? 1e3 : -1);
      shift.push_back(-(x[at(c)] - mean[at(c)]) * scale[at(c)]);  // the first row comes out as the rounding error alone
    }
    kernels.apply(true, x.data(), nullptr, mean.data(), scale.data(), shift.data(), y.data(), n, cols);
    std::vector<std::vector<double>> sums;
    std::vector<std::vector<T>> gradients;
    for (const bool from_input : {false, true}) {
      kernels::BatchNormMask<T> mask{y.data(), nullptr, nullptr};
      if (from_input) mask = {nullptr, scale.data(), shift.data()};
      std::vector<double> sum(at(2 * cols));
      kernels.gradient_sums(dy.data(), x.data(), mean.data(), mask, nullptr, rows, cols, cols, sum.data(),
                            sum.data() + cols);
      sums.push_back(sum);
      std::vector<T> dx(at(n));
      kernels.gradient(dy.data(), x.data(), mean.data(), mask, scale.data(), shift.data(), mean.data(), dx.data(), n,
                       cols);
      gradients.push_back(dx);
    }
    ASSERT_EQ(sums[0], sums[1]) << cols;
    ASSERT_EQ(gradients[0], gradients[1]) << cols;
  }
}

TEST_P(BatchNormKernels, MasksFloat) { check_masks<float>(GetParam()); }
TEST_P(BatchNormKernels, MasksDouble) { check_masks<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, BatchNormKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
