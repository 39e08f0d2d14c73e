// The 3×3 row kernels of depthwise convolution of every instruction set against their definition.
#include <algorithm>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/depthwise_3x3.hpp"
#include "kernels/depthwise_3x3_weights.hpp"
#include "whole_numbers.hpp"

namespace juanji {
namespace {

template <class T>
T activated(Activation activation, T x) {
  if (activation == Activation::none) return x;
  return activation == Activation::relu6 ? std::min(T(6), std::max(x, T(0))) : std::max(x, T(0));
}

class Depthwise3x3 : public testing::TestWithParam<Isa> {};

struct Case {
  int64_t step, width, left, count;
};

const Case kByOne[] = {{1, 11, 1, 11}, {1, 9, 0, 7}, {1, 5, 2, 7}, {1, 6, 0, 6}, {1, 1, 1, 1},
                       {1, 1, 2, 3},   {1, 2, 0, 1}, {1, 3, 0, 1}, {1, 4, 2, 4}, {1, 2, 1, 2}};
const Case kByTwo[] = {{2, 12, 0, 6}, {2, 11, 1, 6}, {2, 9, 0, 4}, {2, 8, 1, 4}, {2, 1, 1, 1},
                       {2, 2, 0, 1},  {2, 3, 0, 1},  {2, 7, 0, 3}, {2, 4, 1, 2}, {2, 10, 0, 4}};
const int64_t kChannels[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 275};  // the last takes two vectors at a time

template <class T>
struct Arrays {
  std::vector<T> x, w, b, y, expected, packed;
};

template <class T>
kernels::DepthwiseRow<T> make_row(Arrays<T>& a, const kernels::Depthwise3x3Table<T>& table, int64_t source_width,
                                  int64_t pixels, int64_t rows, int64_t c, bool turned) {
  a.x = whole_numbers<T>(rows * source_width * c, 1);
  a.w = whole_numbers<T>(9 * c, 2);
  a.b = whole_numbers<T>(c, 3);
  a.y.assign(static_cast<size_t>(pixels * c + 1), T(77));
  a.expected = a.y;
  a.packed.resize(static_cast<size_t>(table.packed_size(c)));
  table.pack(a.w.data(), a.packed.data(), c, turned);
  kernels::DepthwiseRow<T> r{};
  r.x = r.next_x = a.x.data();
  r.x_row_step = source_width * c;
  r.rows = rows;
  r.weights = a.packed.data();
  r.b = a.b.data();
  r.y = r.next_y = a.y.data();
  r.c = c;
  return r;
}

template <class T>
void check_row(Isa isa, const Case& k, int64_t rows, int64_t c, Activation activation) {
  const auto table = kernels::depthwise_3x3_of<T>(isa);
  const bool turned = rows == 2;
  Arrays<T> a;
  kernels::DepthwiseRow<T> r = make_row(a, table, k.width, k.count, rows, c, turned);
  r.kernel_row = rows == 1 ? 2 : 0;
  r.kernel_row_step = 1;
  r.width = k.width;
  r.left = k.left;
  r.count = k.count;
  r.activation = activation;
  (k.step == 1 ? table.row : table.row_by_two)(r);
  for (int64_t t = 0; t < k.count; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      T sum = a.b[static_cast<size_t>(i)];
      for (int64_t v = 0; v < rows; ++v) {
        for (int64_t u = 0; u < 3; ++u) {
          const int64_t pixel = t * k.step - k.left + u, tap = (r.kernel_row + v) * 3 + u;
          if (pixel < 0 || pixel >= k.width) continue;
          sum += a.x[static_cast<size_t>((v * k.width + pixel) * c + i)] *
                 a.w[static_cast<size_t>((turned ? 8 - tap : tap) * c + i)];
        }
      }
      a.expected[static_cast<size_t>(t * c + i)] = activated(activation, sum);
    }
  }
  ASSERT_EQ(a.y, a.expected) << "step=" << k.step << " width=" << k.width << " left=" << k.left << " count=" << k.count
                             << " rows=" << rows << " c=" << c;
}

template <class T>
void check_spread(Isa isa, const Case& k, int64_t rows, int64_t c) {
  const auto table = kernels::depthwise_3x3_of<T>(isa);
  Arrays<T> a;
  kernels::DepthwiseRow<T> r = make_row(a, table, k.count, k.width, rows, c, false);
  r.b = nullptr;
  r.kernel_row = 2;
  r.kernel_row_step = rows == 3 ? -1 : -2;
  r.width = k.width;
  r.left = k.left;
  r.count = k.count;
  table.spread_by_two(r);
  std::fill(a.expected.begin(), a.expected.end() - 1, T(0));
  for (int64_t v = 0; v < rows; ++v) {
    for (int64_t t = 0; t < k.count; ++t) {
      for (int64_t u = 0; u < 3; ++u) {
        const int64_t pixel = 2 * t - k.left + u, tap = (2 + v * r.kernel_row_step) * 3 + u;
        if (pixel < 0 || pixel >= k.width) continue;
        for (int64_t i = 0; i < c; ++i) {
          a.expected[static_cast<size_t>(pixel * c + i)] +=
              a.x[static_cast<size_t>((v * k.count + t) * c + i)] * a.w[static_cast<size_t>(tap * c + i)];
        }
      }
    }
  }
  ASSERT_EQ(a.y, a.expected) << "width=" << k.width << " left=" << k.left << " count=" << k.count << " rows=" << rows
                             << " c=" << c;
}

template <class T>
void check_weights(Isa isa, const Case& k, int64_t tap_step, int64_t rows, int64_t c) {
  const auto table = kernels::depthwise_3x3_weights_of<T>(isa);
  const std::vector<T> x = whole_numbers<T>(rows * k.width * c, 1), dy = whole_numbers<T>(k.count * c, 2);
  std::vector<T> packed(static_cast<size_t>(table.packed_size(c)), T(5)), dw(static_cast<size_t>(9 * c + 1), T(77));
  const int64_t kernel_row = rows == 1 ? 2 : 0;
  table.row({x.data(), k.width * c, rows, kernel_row, dy.data(), packed.data(), k.width, -k.left, k.step, tap_step,
             k.count, c, x.data(), dy.data()});
  table.unpack(packed.data(), dw.data(), c);
  std::vector<T> expected(dw.size(), T(5));
  expected.back() = T(77);
  for (int64_t v = 0; v < rows; ++v) {
    for (int64_t u = 0; u < 3; ++u) {
      for (int64_t t = 0; t < k.count; ++t) {
        const int64_t pixel = t * k.step - k.left + u * tap_step;
        if (pixel < 0 || pixel >= k.width) continue;
        for (int64_t i = 0; i < c; ++i) {
          expected[static_cast<size_t>(((kernel_row + v) * 3 + u) * c + i)] +=
              x[static_cast<size_t>((v * k.width + pixel) * c + i)] * dy[static_cast<size_t>(t * c + i)];
        }
      }
    }
  }
  ASSERT_EQ(dw, expected) << "step=" << k.step << " width=" << k.width << " left=" << k.left << " tap_step=" << tap_step
                          << " rows=" << rows << " c=" << c;
}

template <class T>
void check_all(Isa isa) {
  for (const int64_t c : kChannels) {
    for (int64_t rows = 0; rows <= 3; ++rows) {
      for (const auto& cases : {kByOne, kByTwo}) {
        for (int i = 0; i < 10; ++i) {
          check_row<T>(isa, cases[i], rows, c, Activation::none);
          check_row<T>(isa, cases[i], rows, c, Activation::relu);
          check_row<T>(isa, cases[i], rows, c, Activation::relu6);
          for (const int64_t tap_step : {1, 2, 4}) check_weights<T>(isa, cases[i], tap_step, rows, c);
        }
      }
      if (rows == 0) continue;
      for (const Case& k : kByTwo) check_spread<T>(isa, k, rows == 3 ? 3 : std::min<int64_t>(rows, 2), c);
    }
  }
  check_weights<T>(isa, {3, 20, 5, 9}, 3, 3, 9);  // steps that only the weights take
}

TEST_P(Depthwise3x3, RowsFollowTheDefinitionInFloat) { check_all<float>(GetParam()); }
TEST_P(Depthwise3x3, RowsFollowTheDefinitionInDouble) { check_all<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, Depthwise3x3, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
