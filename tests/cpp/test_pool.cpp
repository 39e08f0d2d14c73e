// Pooling kernels of every instruction set against their definition, in memory that shows a write too far.
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/average_pool.hpp"
#include "kernels/max_pool.hpp"

namespace juanji {
namespace {

using kernels::PoolShape;

class Pool : public testing::TestWithParam<KernelSet> {};

template <class T>
std::vector<T> random_values(int64_t n, unsigned seed) {
  std::minstd_rand engine(seed);
  std::uniform_int_distribution<int> uniform(-9, 9);  // small whole numbers: sums are exact, maxima tie
  std::vector<T> values(static_cast<size_t>(n));
  for (T& v : values) v = static_cast<T>(uniform(engine));
  return values;
}

std::vector<PoolShape> shapes() {
  std::vector<PoolShape> all;
  for (const int64_t c : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33}) {
    all.push_back({4, 6, c, 2, 3, 2, 2, 2, 2, 0, 0});
    all.push_back({5, 7, c, 3, 4, 2, 2, 2, 2, 0, 0});
    all.push_back({5, 7, c, 3, 4, 3, 3, 2, 2, 1, 1});
    all.push_back({5, 4, c, 5, 2, 2, 3, 1, 2, 1, 1});
    all.push_back({7, 5, c, 3, 2, 1, 2, 3, 3, 0, 0});
    all.push_back({1, 1, c, 1, 1, 1, 1, 1, 1, 0, 0});
  }
  return all;
}

// Calls body(input pixel, position in the window) for the pixels inside the image of window (i, j).
template <class Body>
void for_window(const PoolShape& s, int64_t i, int64_t j, Body body) {
  for (int64_t p = 0; p < s.kh; ++p) {
    for (int64_t q = 0; q < s.kw; ++q) {
      const int64_t r = i * s.sh - s.top + p, column = j * s.sw - s.left + q;
      if (r >= 0 && r < s.h && column >= 0 && column < s.w) body(r * s.w + column, p * s.kw + q);
    }
  }
}

template <class T, class Index, class Table>
void check_max(const Table& table, const PoolShape& s) {
  const size_t outputs = static_cast<size_t>(s.oh * s.ow * s.c), inputs = static_cast<size_t>(s.h * s.w * s.c);
  const std::vector<T> x = random_values<T>(s.h * s.w * s.c, 1), dy = random_values<T>(s.oh * s.ow * s.c, 2);
  std::vector<T> y(outputs + 1, T(77)), dx(inputs + 1, T(77)), expected_dx(inputs, T(0));
  std::vector<Index> argmax(outputs + 1, Index(77));
  // Row by row from the last: a kernel that writes behind its rows spoils one that is already there.
  for (int64_t i = s.oh - 1; i >= 0; --i) table.forward(s, x.data(), y.data(), argmax.data(), i, i + 1);
  for (int64_t r = s.h - 1; r >= 0; --r) table.gradient(s, dy.data(), argmax.data(), dx.data(), r, r + 1);
  for (int64_t o = 0; o < s.oh * s.ow * s.c; ++o) {
    const int64_t c = o % s.c;
    T best = -std::numeric_limits<T>::infinity();
    int64_t at = -1, source = -1;
    for_window(s, o / s.c / s.ow, o / s.c % s.ow, [&](int64_t pixel, int64_t position) {
      const T v = x[static_cast<size_t>(pixel * s.c + c)];
      if (v > best) best = v, at = position, source = pixel;
    });
    ASSERT_EQ(y[static_cast<size_t>(o)], best) << "c=" << s.c << " output=" << o;
    ASSERT_EQ(argmax[static_cast<size_t>(o)], at) << "c=" << s.c << " output=" << o;
    expected_dx[static_cast<size_t>(source * s.c + c)] += dy[static_cast<size_t>(o)];
  }
  for (size_t i = 0; i < inputs; ++i) ASSERT_EQ(dx[i], expected_dx[i]) << "c=" << s.c << " input=" << i;
  EXPECT_EQ(y.back(), T(77));
  EXPECT_EQ(argmax.back(), Index(77));
  EXPECT_EQ(dx.back(), T(77));
}

template <class T>
void check_average(const kernels::AveragePoolTable<T>& table, const PoolShape& s) {
  const size_t outputs = static_cast<size_t>(s.oh * s.ow * s.c), inputs = static_cast<size_t>(s.h * s.w * s.c);
  const std::vector<T> x = random_values<T>(s.h * s.w * s.c, 1), dy = random_values<T>(s.oh * s.ow * s.c, 2);
  std::vector<T> y(outputs + 1, T(77)), dx(inputs + 1, T(77));
  std::vector<double> expected_dx(inputs, 0.0);
  for (int64_t i = s.oh - 1; i >= 0; --i) table.forward(s, x.data(), y.data(), i, i + 1);
  for (int64_t r = s.h - 1; r >= 0; --r) table.gradient(s, dy.data(), dx.data(), r, r + 1);
  const double tolerance = 8 * 9 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (int64_t o = 0; o < s.oh * s.ow * s.c; ++o) {
    const int64_t c = o % s.c, i = o / s.c / s.ow, j = o / s.c % s.ow;
    double sum = 0, count = 0;
    for_window(s, i, j, [&](int64_t pixel, int64_t) { sum += x[static_cast<size_t>(pixel * s.c + c)], ++count; });
    ASSERT_NEAR(y[static_cast<size_t>(o)], sum / count, tolerance);
    for_window(s, i, j, [&](int64_t pixel, int64_t) {
      expected_dx[static_cast<size_t>(pixel * s.c + c)] += dy[static_cast<size_t>(o)] / count;
    });
  }
  for (size_t i = 0; i < inputs; ++i) ASSERT_NEAR(dx[i], expected_dx[i], tolerance);
  EXPECT_EQ(y.back(), T(77));
  EXPECT_EQ(dx.back(), T(77));
}

template <class T>
void check_all(const KernelSet& set) {
  const auto maximum = JUANJI_KERNELS(max_pool, T, set);
  const auto average = JUANJI_KERNELS(average_pool, T, set);
  for (const PoolShape& s : shapes()) {
    check_max<T, uint8_t>(maximum.narrow, s);
    check_max<T, int32_t>(maximum.wide, s);
    check_average<T>(average, s);
  }
}

TEST_P(Pool, FollowsTheDefinitionInFloat) { check_all<float>(GetParam()); }
TEST_P(Pool, FollowsTheDefinitionInDouble) { check_all<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, Pool, testing::ValuesIn(kernel_sets()), kernel_set_name);

}  // namespace
}  // namespace juanji
