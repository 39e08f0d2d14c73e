// Reduction kernels against long double, in memory whose neighbours would show a read or write too far.
#include "kernel_sets.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/reduce.hpp"

namespace juanji {
namespace {

class ReduceKernels : public testing::TestWithParam<Isa> {};

template <class T>
std::vector<T> numbers(int64_t n) {
  std::vector<T> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<T>(std::sin(1.7 * static_cast<double>(i) + 1.0)));
  return x;
}

long double combine(ReduceKind kind, long double total, long double x) {
  switch (kind) {
    case ReduceKind::sum: return total + x;
    case ReduceKind::prod: return total * x;
    case ReduceKind::max: return std::fmax(total, x);
    case ReduceKind::min: return std::fmin(total, x);
  }
  return 0;
}

long double start(ReduceKind kind) {
  const long double infinity = std::numeric_limits<long double>::infinity();
  return kind == ReduceKind::sum ? 0 : kind == ReduceKind::prod ? 1 : kind == ReduceKind::max ? -infinity : infinity;
}

// Chains of 16 additions a lane: 32 eps of the sum of magnitudes is beyond what their rounding can do.
template <class T>
long double tolerance(ReduceKind kind, long double magnitude, long double exact, int64_t n) {
  const long double eps = std::numeric_limits<T>::epsilon();
  if (kind == ReduceKind::sum) return 32 * eps * magnitude;
  if (kind == ReduceKind::prod) return static_cast<long double>(n) * eps * std::fabs(exact);
  return 0;
}

template <class T>
void check_rows(Isa isa) {
  const auto kernels = kernels::reduce_of<T>(isa);
  for (int64_t n = 0; n <= 300; ++n) {
    std::vector<T> x = numbers<T>(n);
    x.push_back(static_cast<T>(1e6));  // behind the end
    for (int k = 0; k < kReduceKinds; ++k) {
      const auto kind = static_cast<ReduceKind>(k);
      long double exact = start(kind), magnitude = 0;
      for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
        exact = combine(kind, exact, x[i]);
        magnitude += std::fabs(static_cast<long double>(x[i]));
      }
      const long double got = kernels.row[k](x.data(), n);
      if (std::isinf(exact)) {
        EXPECT_EQ(got, exact) << "kind " << k << " n " << n;
      } else {
        EXPECT_LE(std::fabs(got - exact), tolerance<T>(kind, magnitude, exact, n) + std::numeric_limits<T>::min())
            << "kind " << k << " n " << n;
      }
    }
  }
}

// Several rows at a time have the bits of one by itself.
TEST_P(ReduceKernels, ManyRows) {
  const auto kernels = kernels::reduce_of<float>(GetParam());
  for (const int64_t n : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 150}) {
    for (const int64_t rows : {1, 3, 4, 5, 8, 15, 16, 17, 33}) {
      std::vector<float> x = numbers<float>(n * rows);
      if (rows > 4) x[static_cast<size_t>(3 * n)] = std::numeric_limits<float>::quiet_NaN();
      x.push_back(1e6F);  // behind the end
      for (int k = 0; k < kReduceKinds; ++k) {
        std::vector<float> y(static_cast<size_t>(rows) + 1, -77);
        kernels.rows[k](x.data(), n, rows, y.data());
        for (int64_t r = 0; r < rows; ++r) {
          const float alone = kernels.row[k](x.data() + r * n, n), got = y[static_cast<size_t>(r)];
          EXPECT_TRUE(got == alone || (std::isnan(got) && std::isnan(alone)))
              << "kind " << k << " n " << n << " row " << r;
        }
        EXPECT_EQ(y.back(), -77);
      }
    }
  }
}

TEST_P(ReduceKernels, RowsFloat) { check_rows<float>(GetParam()); }
TEST_P(ReduceKernels, RowsDouble) { check_rows<double>(GetParam()); }

template <class T>
void check_columns(Isa isa) {
  const auto kernels = kernels::reduce_of<T>(isa);
  const T guard = T(-77);
  std::vector<int64_t> widths{511, 512, 513, 601};  // long rows are read another way
  for (int64_t cols = 1; cols <= 70; ++cols) widths.push_back(cols);
  for (const int64_t n : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33}) {
    for (const int64_t cols : widths) {
      const int64_t stride = cols + 3;
      std::vector<T> x = numbers<T>(n * stride);
      for (int k = 0; k < kReduceKinds; ++k) {
        const auto kind = static_cast<ReduceKind>(k);
        std::vector<T> y(static_cast<size_t>(cols) + 1, guard);
        kernels.columns[k](x.data(), n, stride, cols, y.data());
        for (int64_t c = 0; c < cols; ++c) {
          long double exact = start(kind), magnitude = 0;
          for (int64_t r = 0; r < n; ++r) {
            const long double value = x[static_cast<size_t>(r * stride + c)];
            exact = combine(kind, exact, value);
            magnitude += std::fabs(value);
          }
          EXPECT_LE(std::fabs(static_cast<long double>(y[static_cast<size_t>(c)]) - exact),
                    tolerance<T>(kind, magnitude, exact, n) + std::numeric_limits<T>::min())
              << "kind " << k << " n " << n << " cols " << cols;
        }
        EXPECT_EQ(y.back(), guard) << "kind " << k << " n " << n << " cols " << cols;
      }
    }
  }
}

TEST_P(ReduceKernels, ColumnsFloat) { check_columns<float>(GetParam()); }
TEST_P(ReduceKernels, ColumnsDouble) { check_columns<double>(GetParam()); }

TEST_P(ReduceKernels, ExtremesKeepNaNWhereverItIs) {
  const auto kernels = kernels::reduce_of<float>(GetParam());
  for (const int64_t n : {1, 7, 33, 200}) {
    for (int64_t place = 0; place < n; ++place) {
      std::vector<float> x = numbers<float>(n);
      x[static_cast<size_t>(place)] = std::numeric_limits<float>::quiet_NaN();
      for (const ReduceKind kind : {ReduceKind::max, ReduceKind::min}) {
        EXPECT_TRUE(std::isnan(kernels.row[static_cast<int>(kind)](x.data(), n))) << n << " " << place;
        float y = 0;
        kernels.columns[static_cast<int>(kind)](x.data(), n, 1, 1, &y);
        EXPECT_TRUE(std::isnan(y)) << n << " " << place;
      }
      int32_t position = -1;
      kernels.argmax(x.data(), n, 1, 1, &position);
      EXPECT_EQ(position, place);
      kernels.argmin(x.data(), n, 1, 1, &position);
      EXPECT_EQ(position, place);
    }
  }
}

TEST_P(ReduceKernels, TheFirstOfEqualExtremesCounts) {
  const auto kernels = kernels::reduce_of<double>(GetParam());
  for (const int64_t cols : {1, 63, 64, 65}) {
    std::vector<double> x;
    for (int64_t i = 0; i < 5 * cols; ++i)
      x.push_back(static_cast<double>(i % cols % 3) * (i / cols % 2 == 0 ? 1 : -1));
    std::vector<int32_t> largest(static_cast<size_t>(cols)), smallest(static_cast<size_t>(cols));
    kernels.argmax(x.data(), 5, cols, cols, largest.data());
    kernels.argmin(x.data(), 5, cols, cols, smallest.data());
    for (int64_t c = 0; c < cols; ++c) {
      EXPECT_EQ(largest[static_cast<size_t>(c)], 0);
      EXPECT_EQ(smallest[static_cast<size_t>(c)], c % 3 == 0 ? 0 : 1);
    }
  }
}

// Positions in rows of every length, with ties and with NaN, against a plain loop.
template <class T>
void check_positions(Isa isa) {
  const auto kernels = kernels::reduce_of<T>(isa);
  for (int64_t n = 1; n <= 150; ++n) {
    for (const int64_t seed : {1, 2, 3, 4}) {
      std::vector<T> x;
      for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<T>((i * 37 + seed * 11) % 23));
      if (seed == 4) x[static_cast<size_t>(n * 2 / 3)] = x[static_cast<size_t>(n - 1)] = T(NAN);
      int32_t largest = 0, smallest = 0;
      for (int32_t i = 1; i < n; ++i) {
        const T v = x[static_cast<size_t>(i)], high = x[static_cast<size_t>(largest)],
                low = x[static_cast<size_t>(smallest)];
        if (!std::isnan(high) && (std::isnan(v) || v > high)) largest = i;
        if (!std::isnan(low) && (std::isnan(v) || v < low)) smallest = i;
      }
      x.push_back(T(1e6));  // behind the end
      int32_t position = -1;
      kernels.argmax(x.data(), n, 1, 1, &position);
      ASSERT_EQ(position, largest) << "n " << n << " seed " << seed;
      x.back() = T(-1e6);
      kernels.argmin(x.data(), n, 1, 1, &position);
      ASSERT_EQ(position, smallest) << "n " << n << " seed " << seed;
    }
  }
}

TEST_P(ReduceKernels, PositionsFloat) { check_positions<float>(GetParam()); }
TEST_P(ReduceKernels, PositionsDouble) { check_positions<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, ReduceKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
