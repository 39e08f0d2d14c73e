// The band kernels of depthwise convolution of every instruction set against their definition.
#include <algorithm>
#include <vector>

#include "core/buffer_pool.hpp"
#include "kernel_sets.hpp"
#include "kernels/depthwise.hpp"
#include "whole_numbers.hpp"

namespace juanji {
namespace {

using kernels::DepthwiseSlide;
using kernels::DepthwiseTaps;

template <class T>
T activated(Activation activation, T x) {
  if (activation == Activation::none) return x;
  return activation == Activation::relu6 ? std::min(T(6), std::max(x, T(0))) : std::max(x, T(0));
}

class Depthwise : public testing::TestWithParam<Isa> {};

constexpr int64_t kHeight = 6, kKernelRows = 3;

// Three rows of outputs, of which the second one sees fewer rows and the last one every other row; and columns.
const std::vector<DepthwiseTaps> kRows = {{0, 1, 3, 0, 1}, {1, 1, 1, 3, 1}, {2, -1, 3, 1, 2}};

struct Case {
  std::vector<DepthwiseTaps> columns;
  int64_t kw, step, width, count;
};

const Case kCases[] = {{{{0, 1, 3, -1, 1}}, 3, 1, 11, 11},
                       {{{0, 1, 3, 0, 1}}, 3, 2, 12, 6},
                       {{{0, 1, 5, -2, 1}}, 5, 1, 9, 9},
                       {{{0, 1, 7, -3, 1}}, 7, 1, 31, 31},
                       {{{0, 1, 3, -2, 2}}, 3, 1, 10, 10},
                       {{{0, 1, 2, -3, 4}}, 2, 3, 7, 4},
                       {{{0, 1, 3, -1, 1}}, 3, 1, 1, 1},
                       {{{0, 1, 17, -8, 1}}, 17, 1, 20, 20},
                       {{{4, -2, 3, -1, 1}, {3, -2, 2, 0, 1}}, 5, 1, 6, 11},
                       {{{2, -1, 0, 0, 1}, {2, -2, 2, -1, 1}, {1, -1, 1, 0, 1}}, 3, 1, 4, 8}};

int64_t outputs_of(const Case& k, int64_t phase) {
  const int64_t phases = static_cast<int64_t>(k.columns.size());
  return (k.count - phase + phases - 1) / phases;
}

// A case's columns as the kernel takes them, counted in pixels of a ring as narrow as they allow.
struct Slide {
  std::vector<DepthwiseTaps> columns;
  DepthwiseSlide slide;

  Slide(const Case& k, int64_t slots) : columns(k.columns), slide{} {
    int64_t begin = 0, end = k.width;
    for (size_t p = 0; p < columns.size(); ++p) {
      const DepthwiseTaps& taps = columns[p];
      begin = std::min(begin, taps.source);
      if (taps.count == 0) continue;
      const int64_t outputs = outputs_of(k, static_cast<int64_t>(p));
      end = std::max(end, taps.source + (taps.count - 1) * taps.source_step + (outputs - 1) * k.step + 1);
    }
    for (DepthwiseTaps& taps : columns) taps.source -= begin;
    slide = {kRows.data(),   static_cast<int64_t>(kRows.size()),
             columns.data(), static_cast<int64_t>(columns.size()),
             k.step,         k.count,
             kKernelRows,    k.kw,
             slots,          1,
             end - begin,    -begin,
             k.width};
  }
};

// body(output row, output column, source row, source column, kernel row, kernel column) for all products.
template <class Body>
void for_products(const Case& k, Body body) {
  const int64_t phases = static_cast<int64_t>(k.columns.size());
  for (size_t i = 0; i < kRows.size(); ++i) {
    for (int64_t j = 0; j < k.count; ++j) {
      const DepthwiseTaps &rows = kRows[i], &columns = k.columns[static_cast<size_t>(j % phases)];
      for (int64_t v = 0; v < rows.count; ++v) {
        for (int64_t u = 0; u < columns.count; ++u) {
          const int64_t pixel = columns.source + u * columns.source_step + j / phases * k.step;
          if (pixel < 0 || pixel >= k.width) continue;
          body(static_cast<int64_t>(i), j, rows.source + v * rows.source_step, pixel, rows.first + v * rows.step,
               columns.first + u * columns.step);
        }
      }
    }
  }
}

template <class T>
void check_band(Isa isa, const Case& k, int64_t slots, int64_t c, int64_t first, Activation activation) {
  const std::vector<T> x = whole_numbers<T>(kHeight * k.width * c, 1), w = whole_numbers<T>(kKernelRows * k.kw * c, 2);
  const std::vector<T> b = whole_numbers<T>(c, 3);
  std::vector<T> y(static_cast<size_t>(static_cast<int64_t>(kRows.size()) * k.count * c + 1), T(77)), expected = y;
  const Slide s(k, slots);
  const Buffer scratch(static_cast<size_t>(kernels::depthwise_scratch_bytes(s.slide)));
  kernels::depthwise_of<T>(isa).band({s.slide, x.data(), k.width * c, w.data(), b.data(), y.data(), k.count * c, c,
                                      first, c, activation, scratch.data()});
  const auto at = [&](int64_t i, int64_t j, int64_t channel) {
    return static_cast<size_t>((i * k.count + j) * c + channel);
  };
  for (int64_t channel = first; channel < c; ++channel) {
    for (size_t i = 0; i < kRows.size(); ++i) {
      for (int64_t j = 0; j < k.count; ++j) {
        expected[at(static_cast<int64_t>(i), j, channel)] = b[static_cast<size_t>(channel)];
      }
    }
    for_products(k, [&](int64_t i, int64_t j, int64_t row, int64_t column, int64_t p, int64_t q) {
      expected[at(i, j, channel)] += x[static_cast<size_t>((row * k.width + column) * c + channel)] *
                                     w[static_cast<size_t>((p * k.kw + q) * c + channel)];
    });
    for (size_t i = 0; i < kRows.size(); ++i) {
      for (int64_t j = 0; j < k.count; ++j) {
        T& value = expected[at(static_cast<int64_t>(i), j, channel)];
        value = activated(activation, value);
      }
    }
  }
  ASSERT_EQ(y, expected) << "kw=" << k.kw << " step=" << k.step << " width=" << k.width << " c=" << c;
}

// Of the first two rows, whose kernel rows are counted upwards, as the weight gradient's are.
template <class T>
void check_weight_band(Isa isa, const Case& k, int64_t slots, int64_t c) {
  const std::vector<T> x = whole_numbers<T>(kHeight * k.width * c, 1);
  const std::vector<T> dy = whole_numbers<T>(2 * k.count * c, 2);
  std::vector<T> dw(static_cast<size_t>(kKernelRows * k.kw * c + 1), T(5)), expected = dw;
  Slide s(k, slots);
  s.slide.row_count = 2;
  const Buffer scratch(static_cast<size_t>(kernels::depthwise_scratch_bytes(s.slide)));
  kernels::depthwise_of<T>(isa).weight_band(
      {s.slide, x.data(), k.width * c, dy.data(), k.count * c, dw.data(), c, int64_t{0}, c, scratch.data()});
  for_products(k, [&](int64_t i, int64_t j, int64_t row, int64_t column, int64_t p, int64_t q) {
    if (i == 2) return;
    for (int64_t channel = 0; channel < c; ++channel) {
      expected[static_cast<size_t>((p * k.kw + q) * c + channel)] +=
          x[static_cast<size_t>((row * k.width + column) * c + channel)] *
          dy[static_cast<size_t>((i * k.count + j) * c + channel)];
    }
  });
  ASSERT_EQ(dw, expected) << "kw=" << k.kw << " step=" << k.step << " width=" << k.width << " c=" << c;
}

template <class T>
void check_all(Isa isa) {
  for (const Case& k : kCases) {
    for (const int64_t slots : {5, 6}) {
      for (const int64_t c : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33}) {
        check_band<T>(isa, k, slots, c, 0, Activation::none);
        check_band<T>(isa, k, slots, c, 0, Activation::relu);
        check_band<T>(isa, k, slots, c, 0, Activation::relu6);
        if (k.columns.size() == 1) check_weight_band<T>(isa, k, slots, c);
      }
      check_band<T>(isa, k, slots, 40, 16, Activation::none);
    }
  }
}

TEST_P(Depthwise, BandsFollowTheDefinitionInFloat) { check_all<float>(GetParam()); }
TEST_P(Depthwise, BandsFollowTheDefinitionInDouble) { check_all<double>(GetParam()); }

// The slots are as many as a row of outputs sees source rows, whatever lies between those.
TEST_P(Depthwise, DilatedRowsTakeOneSlotEach) {
  const std::vector<DepthwiseTaps> rows = {{0, 1, 3, 0, 2}, {0, 1, 3, 1, 2}, {0, 1, 2, 2, 2}};
  const std::vector<DepthwiseTaps> columns = {{0, 1, 3, 0, 2}};
  const int64_t width = 7, c = 19;
  const DepthwiseSlide slide{rows.data(), 3, columns.data(), 1, 1, width, 3, 3, 3, 2, width + 4, 2, width};
  const std::vector<float> x = whole_numbers<float>(kHeight * width * c, 1), w = whole_numbers<float>(9 * c, 2);
  std::vector<float> y(static_cast<size_t>(3 * width * c)), expected(y.size(), 0.0f);
  const Buffer scratch(static_cast<size_t>(kernels::depthwise_scratch_bytes(slide)));
  kernels::DepthwiseBand<float> band{};
  band.slide = slide;
  band.x = x.data();
  band.x_row_step = band.y_row_step = width * c;
  band.w = w.data();
  band.y = y.data();
  band.c = band.last = c;
  band.scratch = scratch.data();
  kernels::depthwise_of<float>(GetParam()).band(band);
  for (int64_t i = 0; i < 3; ++i) {
    const DepthwiseTaps& taps = rows[static_cast<size_t>(i)];
    for (int64_t at = 0; at < width * c; ++at) {
      for (int64_t v = 0; v < taps.count; ++v) {
        for (int64_t u = 0; u < 3; ++u) {
          const int64_t column = at / c - 2 + 2 * u;
          if (column < 0 || column >= width) continue;
          expected[static_cast<size_t>(i * width * c + at)] +=
              x[static_cast<size_t>(((taps.source + 2 * v) * width + column) * c + at % c)] *
              w[static_cast<size_t>((v * 3 + u) * c + at % c)];
        }
      }
    }
  }
  ASSERT_EQ(y, expected);
}

INSTANTIATE_TEST_SUITE_P(EverySet, Depthwise, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
