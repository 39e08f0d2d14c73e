// Pooling kernels of every instruction set against their definition, in memory that shows a write too far.
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/average_pool.hpp"
#include "kernels/max_pool.hpp"
#include "kernels/max_pool_2x2.hpp"

namespace juanji {
namespace {

using kernels::PoolShape;

class Pool : public testing::TestWithParam<Isa> {};

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

// Rows in two buffers, with room between pixels, against the general kernel; what lies between pixels must stay.
template <class T>
void check_row_2x2(Isa isa, int64_t count, int64_t c, int64_t room) {
  const auto general = kernels::max_pool_of<T>(isa).narrow;
  const auto table = kernels::max_pool_2x2_of<T>(isa);
  const int64_t w = 2 * count, step = c + room;
  std::vector<T> x = random_values<T>(2 * w * c, 5), y(static_cast<size_t>(count * c));
  for (size_t i = 0; i < x.size(); i += 5) x[i] = std::numeric_limits<T>::quiet_NaN();
  std::vector<uint8_t> argmax(y.size());
  general.forward({2, w, c, 1, count, 2, 2, 2, 2, 0, 0}, x.data(), y.data(), argmax.data(), 0, 1);
  std::vector<T> rows[2], pooled(static_cast<size_t>(count * step + 1), T(77)), without = pooled;
  std::vector<uint8_t> at(pooled.size(), 77);
  for (int64_t p = 0; p < 2; ++p) {
    rows[p].assign(static_cast<size_t>(w * step), T(99));
    for (int64_t i = 0; i < w * c; ++i) {
      rows[p][static_cast<size_t>(i / c * step + i % c)] = x[static_cast<size_t>(p * w * c + i)];
    }
  }
  table.row({rows[0].data(), rows[1].data(), step, pooled.data(), at.data(), step, count, c});
  table.row({rows[0].data(), rows[1].data(), step, without.data(), nullptr, step, count, c});
  for (int64_t i = 0; i < count * step + 1; ++i) {
    const size_t k = static_cast<size_t>(i);
    const bool inside = i < count * step && i % step < c;
    const size_t from = static_cast<size_t>(i / step * c + i % step);
    const T expected = inside ? y[from] : T(77);
    if (expected == expected) {
      ASSERT_EQ(pooled[k], expected) << "count=" << count << " c=" << c << " room=" << room << " i=" << i;
      ASSERT_EQ(without[k], expected);
    } else {
      ASSERT_TRUE(std::isnan(pooled[k]) && std::isnan(without[k]));
    }
    ASSERT_EQ(at[k], inside ? argmax[from] : 77) << "count=" << count << " c=" << c << " room=" << room << " i=" << i;
  }
}

// Ranges of pixels one after the other, from the last on, give what the whole row does, and the sums those of a loop.
template <class T>
void check_gradient_row_2x2(Isa isa, int64_t count, int64_t width, int64_t c, bool masked) {
  const auto table = kernels::max_pool_2x2_of<T>(isa);
  const size_t pooled = static_cast<size_t>(count * c), pixels = static_cast<size_t>(width * c);
  const std::vector<T> dy = random_values<T>(count * c, 1), y = random_values<T>(count * c, 2);
  std::vector<uint8_t> argmax(pooled);
  for (size_t i = 0; i < pooled; ++i) argmax[i] = static_cast<uint8_t>((i * 7 + i / 5) % 4);
  for (const int64_t position : {0, 2}) {
    for (int64_t cut = 0; cut <= width; ++cut) {
      std::vector<T> dx(pixels + 1, T(77)), sum(static_cast<size_t>(c + 1), T(3)), expected_sum = sum;
      kernels::MaxPoolGradientRow<T> row{
          dy.data(), argmax.data(), masked ? y.data() : nullptr, position, count, dx.data(), sum.data(), cut, width, c};
      table.gradient_row(row);
      row.begin = 0;
      row.end = cut;
      table.gradient_row(row);
      for (int64_t i = 0; i < width * c; ++i) {
        const int64_t pixel = i / c, from = pixel / 2 * c + i % c;
        const size_t f = static_cast<size_t>(from);
        const bool here = pixel / 2 < count && argmax[f] == position + pixel % 2 && !(masked && y[f] <= 0);
        const T expected = here ? dy[f] : T(0);
        ASSERT_EQ(dx[static_cast<size_t>(i)], expected) << "width=" << width << " cut=" << cut << " c=" << c;
        expected_sum[static_cast<size_t>(i % c)] += expected;
      }
      ASSERT_EQ(dx.back(), T(77));
      ASSERT_EQ(sum, expected_sum) << "width=" << width << " cut=" << cut << " c=" << c;
    }
  }
}

template <class T>
void check_all_2x2(Isa isa) {
  for (const int64_t c : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65, 70}) {
    for (const int64_t count : {1, 2, 5}) {
      for (const int64_t room : {0, 1, 9}) check_row_2x2<T>(isa, count, c, room);
      for (int64_t width = 2 * count - 1; width <= 2 * count + 2; ++width) {
        for (const bool masked : {false, true}) check_gradient_row_2x2<T>(isa, count, width, c, masked);
      }
    }
  }
}

template <class T>
void check_all(Isa isa) {
  const auto maximum = kernels::max_pool_of<T>(isa);
  const auto average = kernels::average_pool_of<T>(isa);
  for (const PoolShape& s : shapes()) {
    check_max<T, uint8_t>(maximum.narrow, s);
    check_max<T, int32_t>(maximum.wide, s);
    check_average<T>(average, s);
  }
}

TEST_P(Pool, FollowsTheDefinitionInFloat) { check_all<float>(GetParam()); }
TEST_P(Pool, FollowsTheDefinitionInDouble) { check_all<double>(GetParam()); }

TEST_P(Pool, RowsOfTwoByTwoFollowTheGeneralKernelInFloat) { check_all_2x2<float>(GetParam()); }
TEST_P(Pool, RowsOfTwoByTwoFollowTheGeneralKernelInDouble) { check_all_2x2<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, Pool, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
