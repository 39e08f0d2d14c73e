// The line kernels of depthwise convolution of every instruction set against their definition.
#include <algorithm>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/depthwise.hpp"
#include "whole_numbers.hpp"

namespace juanji {
namespace {

template <class T>
T activated(Activation activation, T x) {
  if (activation == Activation::none) return x;
  return activation == Activation::relu6 ? std::min(T(6), std::max(x, T(0))) : std::max(x, T(0));
}

class Depthwise : public testing::TestWithParam<Isa> {};

struct Case {
  int64_t taps, step, tap_step, base, width, count, y_step;
};

const Case kCases[] = {{3, 1, 1, -1, 11, 11, 1}, {3, 2, 1, 0, 12, 6, 1},   {5, 1, 1, -2, 9, 9, 1},
                       {5, 2, 1, -2, 13, 7, 2},  {3, 1, 2, -2, 10, 10, 3}, {2, 3, 4, -3, 7, 4, 1},
                       {3, 1, 1, -1, 1, 1, 1},   {1, 1, 1, 0, 6, 6, 2},    {4, 1, 1, -9, 5, 20, 1}};

template <class T>
void check_line(Isa isa, const Case& k, int64_t c, Activation activation) {
  const auto table = kernels::depthwise_of<T>(isa);
  const int64_t rows = 2;
  const std::vector<T> x = whole_numbers<T>(rows * k.width * c, 1), w = whole_numbers<T>(rows * k.taps * c, 2);
  const std::vector<T> b = whole_numbers<T>(c, 3);
  std::vector<T> y(static_cast<size_t>(((k.count - 1) * k.y_step + 1) * c + 1), T(77));
  kernels::DepthwiseLine<T> line{x.data(),   k.width * c, w.data(), k.taps * c, c,         b.data(),
                                 y.data(),   rows,        k.taps,   k.width,    k.base,    k.step,
                                 k.tap_step, k.count,     k.y_step, c,          activation};
  table.line(line);
  std::vector<T> expected(y.size(), T(77));
  for (int64_t t = 0; t < k.count; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      T sum = b[static_cast<size_t>(i)];
      for (int64_t v = 0; v < rows; ++v) {
        for (int64_t u = 0; u < k.taps; ++u) {
          const int64_t pixel = k.base + t * k.step + u * k.tap_step;
          if (pixel < 0 || pixel >= k.width) continue;
          sum +=
              x[static_cast<size_t>((v * k.width + pixel) * c + i)] * w[static_cast<size_t>((v * k.taps + u) * c + i)];
        }
      }
      expected[static_cast<size_t>(t * k.y_step * c + i)] = activated(activation, sum);
    }
  }
  ASSERT_EQ(y, expected) << "taps=" << k.taps << " step=" << k.step << " base=" << k.base << " c=" << c;
}

template <class T>
void check_weight_line(Isa isa, const Case& k, int64_t c) {
  const auto table = kernels::depthwise_of<T>(isa);
  const int64_t rows = 2;
  const std::vector<T> x = whole_numbers<T>(rows * k.width * c, 1), dy = whole_numbers<T>(k.count * c, 2);
  std::vector<T> dw(static_cast<size_t>(rows * k.taps * c + 1), T(5)), expected = dw;
  kernels::DepthwiseWeightLine<T> line{x.data(), k.width * c, dy.data(), dw.data(),  k.taps * c, rows, k.taps,
                                       k.width,  k.base,      k.step,    k.tap_step, k.count,    c};
  table.weight_line(line);
  for (int64_t v = 0; v < rows; ++v) {
    for (int64_t u = 0; u < k.taps; ++u) {
      for (int64_t t = 0; t < k.count; ++t) {
        const int64_t pixel = k.base + t * k.step + u * k.tap_step;
        if (pixel < 0 || pixel >= k.width) continue;
        for (int64_t i = 0; i < c; ++i) {
          expected[static_cast<size_t>((v * k.taps + u) * c + i)] +=
              x[static_cast<size_t>((v * k.width + pixel) * c + i)] * dy[static_cast<size_t>(t * c + i)];
        }
      }
    }
  }
  ASSERT_EQ(dw, expected) << "taps=" << k.taps << " step=" << k.step << " base=" << k.base << " c=" << c;
}

template <class T>
void check_all(Isa isa) {
  for (const Case& k : kCases) {
    for (const int64_t c : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33}) {
      check_line<T>(isa, k, c, Activation::none);
      check_line<T>(isa, k, c, Activation::relu);
      check_line<T>(isa, k, c, Activation::relu6);
      check_weight_line<T>(isa, k, c);
    }
  }
}

TEST_P(Depthwise, LinesFollowTheDefinitionInFloat) { check_all<float>(GetParam()); }
TEST_P(Depthwise, LinesFollowTheDefinitionInDouble) { check_all<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, Depthwise, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
