// The register-tiled products against sums in double precision, for every tile edge of every kernel set.
#include "kernels/matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernel_sets.hpp"

namespace juanji {
namespace {

constexpr double kFactor = 4.0;  // of √K·eps, for sums of K products of size one

template <class T>
std::vector<T> random_values(size_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<T> values(n);
  for (T& v : values) v = static_cast<T>(normal(generator));
  return values;
}

double tolerance(int64_t depth, double eps) { return kFactor * eps * static_cast<double>(depth + 4); }

struct Size {
  int64_t rows, columns, depth;
};

// One below, at and above every tile: rows up to 2 tiles of 8, columns up to 2 panels of 32.
std::vector<Size> sizes() {
  std::vector<Size> list;
  for (const int64_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16, 17}) {
    for (const int64_t columns : {1, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 65}) {
      for (const int64_t depth : {1, 2, 8, 37}) list.push_back({rows, columns, depth});
    }
  }
  return list;
}

// Whole tiles of every form, with runs of every length that loops over several k at a time take apart.
std::vector<Size> lengths() {
  std::vector<Size> list;
  for (const int64_t columns : {4, 8, 12, 16, 24, 32}) {
    for (int64_t depth = 0; depth <= 41; ++depth) list.push_back({24, columns, depth});
  }
  return list;
}

template <class T>
void check_rows(const kernels::MatrixTable<T>& kernel, const Size& s, kernels::Start start, Activation activation,
                bool far = false) {
  // Two runs that do not touch, and columns of C that must stay as they are.
  const int64_t first = s.depth / 2;
  const std::vector<T> a = random_values<T>(static_cast<size_t>(s.rows * (s.depth + 5)), 1);
  const std::vector<T> b = random_values<T>(static_cast<size_t>(s.depth * s.columns), 2);
  const std::vector<T> bias = random_values<T>(static_cast<size_t>(s.columns), 3);
  const std::vector<T> before = random_values<T>(static_cast<size_t>(s.rows * (s.columns + 3)), 4);
  std::vector<T> c = before;
  std::vector<const T*> a_rows;
  std::vector<T*> c_rows;
  for (int64_t r = 0; r < s.rows; ++r) {
    a_rows.push_back(a.data() + r * (s.depth + 5));
    c_rows.push_back(c.data() + r * (s.columns + 3));
  }
  const int64_t panels = (s.columns + kernel.panel - 1) / kernel.panel;
  std::vector<T> dense_panels(static_cast<size_t>(panels * kernel.panel * s.depth));
  for (int64_t p = 0; p < panels; ++p) {
    kernel.pack(b.data() + p * kernel.panel, s.columns, s.depth, std::min(kernel.panel, s.columns - p * kernel.panel),
                dense_panels.data() + p * kernel.panel * s.depth);
  }
  const kernels::Run runs[] = {{0, 0, first}, {first + 5, first * kernel.panel, s.depth - first}};
  kernel.multiply_rows({a_rows.data(), c_rows.data(), 2, s.rows, s.columns, runs, 2, dense_panels.data(),
                        kernel.panel * s.depth, start, bias.data(), activation, far, far});
  for (int64_t r = 0; r < s.rows; ++r) {
    for (int64_t n = -2; n < s.columns + 1; ++n) {
      const auto at = static_cast<size_t>(r * (s.columns + 3) + n + 2);
      if (n < 0 || n >= s.columns) {
        ASSERT_EQ(c[at], before[at]) << "written outside";
        continue;
      }
      const bool biased = start == kernels::Start::bias || start == kernels::Start::both;
      const bool added = start == kernels::Start::accumulate || start == kernels::Start::both;
      double sum = biased ? static_cast<double>(bias[static_cast<size_t>(n)]) : 0.0;
      if (added) sum += static_cast<double>(before[at]);
      for (int64_t k = 0; k < s.depth; ++k) {
        sum += static_cast<double>(a_rows[static_cast<size_t>(r)][k < first ? k : k + 5]) *
               static_cast<double>(b[static_cast<size_t>(k * s.columns + n)]);
      }
      if (activation == Activation::relu) sum = std::max(0.0, sum);
      if (activation == Activation::relu6) sum = std::min(6.0, std::max(0.0, sum));
      if (activation == Activation::tanh) sum = std::tanh(sum);
      ASSERT_NEAR(c[at], sum, tolerance(s.depth, std::numeric_limits<T>::epsilon()))
          << s.rows << "x" << s.columns << "x" << s.depth;
    }
  }
}

template <class T>
void check_columns(const kernels::MatrixTable<T>& kernel, const Size& s, bool accumulate) {
  const int64_t a_step = s.rows + 2;
  const std::vector<T> a = random_values<T>(static_cast<size_t>(s.depth * a_step), 5);
  const std::vector<T> b = random_values<T>(static_cast<size_t>(s.depth * s.columns), 6);
  const std::vector<T> before = random_values<T>(static_cast<size_t>(s.rows * (s.columns + 1)), 7);
  std::vector<T> c = before;
  const int64_t first = s.depth / 2;
  const kernels::Run runs[] = {{0, 0, first}, {first * a_step, first * s.columns, s.depth - first}};
  kernel.multiply_columns(
      {a.data(), a_step, b.data(), s.columns, c.data(), s.columns + 1, s.rows, s.columns, runs, 2, accumulate});
  for (int64_t r = 0; r < s.rows; ++r) {
    ASSERT_EQ(c[static_cast<size_t>(r * (s.columns + 1) + s.columns)],
              before[static_cast<size_t>(r * (s.columns + 1) + s.columns)])
        << "written outside";
    for (int64_t n = 0; n < s.columns; ++n) {
      const auto at = static_cast<size_t>(r * (s.columns + 1) + n);
      double sum = accumulate ? static_cast<double>(before[at]) : 0.0;
      for (int64_t k = 0; k < s.depth; ++k) {
        sum += static_cast<double>(a[static_cast<size_t>(k * a_step + r)]) *
               static_cast<double>(b[static_cast<size_t>(k * s.columns + n)]);
      }
      ASSERT_NEAR(c[at], sum, tolerance(s.depth, std::numeric_limits<T>::epsilon()));
    }
  }
}

template <class T>
void check_stream(const kernels::MatrixTable<T>& kernel, const Size& s, bool transposed) {
  const int64_t a_step = s.depth + 3;
  const int64_t b_step = (transposed ? s.depth : s.columns) + 1;
  const std::vector<T> a = random_values<T>(static_cast<size_t>(s.rows * a_step), 9);
  const std::vector<T> b = random_values<T>(static_cast<size_t>(b_step * (transposed ? s.columns : s.depth)), 10);
  const std::vector<T> before = random_values<T>(static_cast<size_t>(s.rows * (s.columns + 2)), 11);
  std::vector<T> c = before;
  kernel.multiply_stream(
      {a.data(), a_step, b.data(), b_step, transposed, c.data(), s.columns + 2, s.rows, s.columns, s.depth});
  for (int64_t r = 0; r < s.rows; ++r) {
    for (int64_t n = 0; n < s.columns + 2; ++n) {
      const auto at = static_cast<size_t>(r * (s.columns + 2) + n);
      if (n >= s.columns) {
        ASSERT_EQ(c[at], before[at]) << "written outside";
        continue;
      }
      auto sum = static_cast<double>(before[at]);
      for (int64_t k = 0; k < s.depth; ++k) {
        sum += static_cast<double>(a[static_cast<size_t>(r * a_step + k)]) *
               static_cast<double>(b[static_cast<size_t>(transposed ? n * b_step + k : k * b_step + n)]);
      }
      ASSERT_NEAR(c[at], sum, tolerance(s.depth, std::numeric_limits<T>::epsilon()))
          << s.rows << "x" << s.columns << "x" << s.depth << " transposed=" << transposed;
    }
  }
}

template <class T>
void check_pack(const kernels::MatrixTable<T>& kernel) {
  for (const int64_t depth : {1, 7, 8, 16, 33}) {
    for (int64_t columns = 1; columns <= kernel.panel; ++columns) {
      const std::vector<T> b = random_values<T>(static_cast<size_t>(depth * columns), 8);
      std::vector<T> straight(static_cast<size_t>(depth * kernel.panel), T(9));
      std::vector<T> turned = straight;
      kernel.pack(b.data(), columns, depth, columns, straight.data());
      kernel.pack_transposed(b.data(), depth, depth, columns, turned.data());
      for (int64_t k = 0; k < depth; ++k) {
        for (int64_t n = 0; n < kernel.panel; ++n) {
          const auto at = static_cast<size_t>(k * kernel.panel + n);
          ASSERT_EQ(straight[at], n < columns ? b[static_cast<size_t>(k * columns + n)] : T(0));
          ASSERT_EQ(turned[at], n < columns ? b[static_cast<size_t>(n * depth + k)] : T(0));
        }
      }
    }
  }
}

}  // namespace

class Matrix : public testing::TestWithParam<Isa> {};

TEST_P(Matrix, RowsFloat) {
  const auto kernel = kernels::matrix_of<float>(GetParam());
  for (const Size& s : sizes()) {
    check_rows(kernel, s, kernels::Start::zero, Activation::none);
    check_rows(kernel, s, kernels::Start::bias, Activation::relu);
    check_rows(kernel, s, kernels::Start::accumulate, Activation::tanh);
    check_rows(kernel, s, kernels::Start::both, Activation::relu);
    check_rows(kernel, s, kernels::Start::bias, Activation::relu6);
  }
}

TEST_P(Matrix, RowsDouble) {
  const auto kernel = kernels::matrix_of<double>(GetParam());
  for (const Size& s : sizes()) {
    check_rows(kernel, s, kernels::Start::bias, Activation::relu);
    check_rows(kernel, s, kernels::Start::accumulate, Activation::none);
  }
}

TEST_P(Matrix, Columns) {
  for (const Size& s : sizes()) {
    check_columns(kernels::matrix_of<float>(GetParam()), s, false);
    check_columns(kernels::matrix_of<float>(GetParam()), s, true);
    check_columns(kernels::matrix_of<double>(GetParam()), s, true);
  }
}

TEST_P(Matrix, RunsOfEveryLength) {
  const auto of_float = kernels::matrix_of<float>(GetParam());
  const auto of_double = kernels::matrix_of<double>(GetParam());
  for (const Size& s : lengths()) {
    for (const bool far : {false, true}) {
      check_rows(of_float, s, kernels::Start::zero, Activation::none, far);
      check_rows(of_double, s, kernels::Start::both, Activation::none, far);
    }
    check_columns(of_float, s, true);
    check_columns(of_double, s, false);
  }
}

TEST_P(Matrix, Stream) {
  for (Size s : sizes()) {
    if (s.rows > kernels::kStreamRows) continue;
    for (const bool transposed : {false, true}) {
      check_stream(kernels::matrix_of<float>(GetParam()), s, transposed);
      check_stream(kernels::matrix_of<double>(GetParam()), s, transposed);
    }
  }
}

TEST_P(Matrix, PacksWithZeros) {
  check_pack(kernels::matrix_of<float>(GetParam()));
  check_pack(kernels::matrix_of<double>(GetParam()));
}

TEST_P(Matrix, ReluKeepsNaN) {
  const auto kernel = kernels::matrix_of<float>(GetParam());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float* a = &nan;
  std::vector<float> panel(static_cast<size_t>(kernel.panel), 1.0f);
  float out = 0;
  float* c = &out;
  const kernels::Run run{0, 0, 1};
  kernel.multiply_rows(
      {&a, &c, 0, 1, 1, &run, 1, panel.data(), kernel.panel, kernels::Start::zero, nullptr, Activation::relu});
  EXPECT_TRUE(std::isnan(out));
}

INSTANTIATE_TEST_SUITE_P(EverySet, Matrix, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace juanji
