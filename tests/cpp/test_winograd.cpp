// Winograd's convolution against the definition of convolution. Whole numbers go in, and the transforms only add and
// halve twice: every intermediate value is exact, so results are compared for equality.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "core/parallel.hpp"
#include "kernel_sets.hpp"
#include "kernels/matrix.hpp"
#include "kernels/winograd.hpp"
#include "ops/winograd.hpp"
#include "ops/winograd_weights.hpp"

namespace juanji {
namespace {

constexpr double kBt[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
constexpr double kG[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
constexpr double kAt[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
constexpr int64_t kChannels[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33};
constexpr int kUntouched = 99;

template <class T>
std::vector<T> whole_numbers(int64_t n, unsigned seed) {
  std::minstd_rand engine(seed);
  std::uniform_int_distribution<int> uniform(-4, 4);
  std::vector<T> values(static_cast<size_t>(n));
  for (T& v : values) v = static_cast<T>(uniform(engine));
  return values;
}

size_t at(int64_t i) { return static_cast<size_t>(i); }

class WinogradKernels : public testing::TestWithParam<KernelSet> {};

template <class T>
void check_input(const KernelSet& set, int64_t c) {
  const int64_t row_step = 7 * c, tiles = 3, tile_step = (c + 15) / 16 * 16, matrix_step = tiles * tile_step + 16;
  const std::vector<T> x = whole_numbers<T>(row_step * 6, 1);
  const std::vector<const T*> from{x.data(), x.data() + row_step + 3 * c, x.data() + 2 * row_step + 2 * c};
  std::vector<T> a(at(kernels::kWinogradMatrices * matrix_step), T(kUntouched));
  JUANJI_KERNELS(winograd, T, set).input({from.data(), row_step, c, c, tiles, a.data(), matrix_step, tile_step});
  for (int64_t t = 0; t < tiles; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      for (int m = 0; m < 16; ++m) {
        double sum = 0;
        for (int p = 0; p < 4; ++p) {
          for (int q = 0; q < 4; ++q) {
            sum += kBt[m / 4][p] * kBt[m % 4][q] * static_cast<double>(from[at(t)][p * row_step + q * c + i]);
          }
        }
        ASSERT_EQ(static_cast<double>(a[at(m * matrix_step + t * tile_step + i)]), sum) << "c=" << c << " m=" << m;
      }
    }
  }
  for (int64_t m = 0; m < 16; ++m) ASSERT_EQ(a[at(m * matrix_step + tiles * tile_step)], T(kUntouched)) << "c=" << c;
}

template <class T>
void check_output(const KernelSet& set, int64_t c, bool with_bias, Activation activation) {
  const int64_t tiles = 3, matrix_step = tiles * c + 5, shift = 2, pixel = c + 3;
  const std::vector<T> m = whole_numbers<T>(kernels::kWinogradMatrices * matrix_step, 2);
  const std::vector<T> bias = whole_numbers<T>(c, 3);
  std::vector<T> y(at(4 * tiles * pixel + shift), T(kUntouched));
  std::vector<T*> pixels;
  for (int64_t i = 0; i < 4 * tiles; ++i) pixels.push_back(y.data() + i * pixel);
  JUANJI_KERNELS(winograd, T, set)
      .output(
          {m.data(), matrix_step, c, tiles, c, pixels.data(), shift, with_bias ? bias.data() : nullptr, activation});
  std::vector<T> expected(y.size(), T(kUntouched));
  for (int64_t t = 0; t < tiles; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      for (int r = 0; r < 2; ++r) {
        for (int s = 0; s < 2; ++s) {
          double sum = with_bias ? static_cast<double>(bias[at(i)]) : 0;
          for (int e = 0; e < 16; ++e) {
            sum += kAt[r][e / 4] * kAt[s][e % 4] * static_cast<double>(m[at(e * matrix_step + t * c + i)]);
          }
          expected[at((4 * t + 2 * r + s) * pixel + shift + i)] =
              static_cast<T>(activation == Activation::relu ? std::max(0.0, sum) : sum);
        }
      }
    }
  }
  ASSERT_EQ(y, expected) << "c=" << c;
}

template <class T>
void check_weights(const KernelSet& set, int64_t columns) {
  const auto panel = JUANJI_KERNELS(matrix, T, set).panel;
  columns = std::min(columns, panel);
  const int64_t c = 3, channel_step = columns + 2, tap_step = c * channel_step, matrix_step = c * panel;
  const std::vector<T> w = whole_numbers<T>(9 * tap_step, 4);
  std::vector<T> packed(at(16 * matrix_step + 1), T(kUntouched));
  JUANJI_KERNELS(winograd, T, set).weights({w.data(), tap_step, channel_step, c, columns, packed.data(), matrix_step});
  for (int64_t e = 0; e < 16 * matrix_step; ++e) {
    const int64_t m = e / matrix_step, channel = e % matrix_step / panel, column = e % panel;
    double sum = 0;
    for (int64_t tap = 0; tap < 9 && column < columns; ++tap) {
      sum += kG[m / 4][tap / 3] * kG[m % 4][tap % 3] *
             static_cast<double>(w[at(tap * tap_step + channel * channel_step + column)]);
    }
    ASSERT_EQ(static_cast<double>(packed[at(e)]), sum) << "columns=" << columns << " element " << e;
  }
  ASSERT_EQ(packed.back(), T(kUntouched));
}

template <class T>
void check_kernels(const KernelSet& set) {
  for (const int64_t c : kChannels) {
    check_input<T>(set, c);
    check_output<T>(set, c, false, Activation::none);
    check_output<T>(set, c, true, Activation::relu);
    check_weights<T>(set, c);
  }
}

TEST_P(WinogradKernels, FollowTheDefinitionInFloat) { check_kernels<float>(GetParam()); }
TEST_P(WinogradKernels, FollowTheDefinitionInDouble) { check_kernels<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, WinogradKernels, testing::ValuesIn(kernel_sets()), kernel_set_name);

// A whole convolution with its arrays.
template <class T>
struct Problem {
  DirectConv<T> conv;
  WeightLayout layout;
  std::vector<T> x, w, bias, y;
  std::vector<uint8_t> argmax;

  Problem(int64_t images, int64_t h, int64_t width, int64_t channels, int64_t outputs, bool same, bool pooled)
      : x(whole_numbers<T>(images * h * width * channels, 1)),
        w(whole_numbers<T>(9 * channels * outputs, 2)),
        bias(whole_numbers<T>(outputs, 3)) {
    const int64_t pad = same ? 1 : 0, oh = h - 2 + 2 * pad, ow = width - 2 + 2 * pad;
    const int64_t rows = pooled ? oh / 2 : oh, columns = pooled ? ow / 2 : ow;
    y.assign(at(images * rows * columns * outputs), T(kUntouched));
    argmax.assign(pooled ? y.size() : 0, kUntouched);
    conv.x = x.data();
    conv.images = images;
    conv.h = h;
    conv.w = width;
    conv.channels = channels;
    conv.top = conv.left = pad;
    conv.y = y.data();
    conv.y_image = rows * columns * outputs;
    conv.y_row = columns * outputs;
    conv.y_column = outputs;
    conv.y_channels = outputs;
    conv.bias = bias.data();
    conv.activation = Activation::relu;
    conv.pooled = pooled;
    conv.argmax = pooled ? argmax.data() : nullptr;
    Phase phase{oh, ow, 0, {}};
    layout = {{}, outputs, 1, outputs};
    for (int64_t p = 0; p < 3; ++p) {
      for (int64_t q = 0; q < 3; ++q) {
        phase.taps.push_back({p, q});
        layout.tap_offset.push_back((3 * p + q) * channels * outputs);
      }
    }
    conv.phases.push_back(phase);
  }
};

template <class T>
void check_convolution(int64_t images, int64_t h, int64_t w, int64_t c, int64_t oc, bool same, bool pooled) {
  Problem<T> direct(images, h, w, c, oc, same, pooled), winograd(images, h, w, c, oc, same, pooled);
  ASSERT_TRUE(winograd_serves(winograd.conv));
  direct_conv(direct.conv, direct.w.data(), {direct.layout});
  winograd_conv(winograd.conv, winograd.w.data());
  ASSERT_EQ(winograd.y, direct.y) << images << "x" << h << "x" << w << "x" << c << " oc=" << oc << " same=" << same;
  ASSERT_EQ(winograd.argmax, direct.argmax);
}

TEST(Winograd, EqualsDirectConvolutionOfWholeNumbers) {
  for (const bool same : {false, true}) {
    for (const auto& [h, w] : {std::pair<int64_t, int64_t>{4, 4}, {5, 4}, {7, 9}, {12, 11}, {4, 203}, {33, 6}}) {
      for (const auto& [c, oc] : {std::pair<int64_t, int64_t>{16, 16}, {17, 16}, {33, 50}, {64, 129}}) {
        for (const bool pooled : {false, true}) {
          check_convolution<float>(same ? 3 : 1, h, w, c, oc, same, pooled);
          check_convolution<double>(same ? 3 : 1, h, w, c, oc, same, pooled);
        }
      }
    }
  }
}

TEST(Winograd, ServesManyTilesAndManyChannels) {
  check_convolution<float>(12, 20, 20, 64, 33, true, false);  // matrices of more than 4 MiB: tasks own rows of tiles
  check_convolution<float>(2, 7, 9, 515, 40, true, true);     // a block of so many channels does not fit in L2
  check_convolution<double>(1, 6, 6, 600, 17, false, false);
}

TEST(Winograd, ServesSinglePixelsAndEmptyBatches) {
  check_convolution<float>(1, 3, 3, 16, 16, false, false);
  check_convolution<float>(2, 1, 1, 16, 16, true, false);
  check_convolution<double>(1, 1, 2, 17, 33, true, false);
  check_convolution<float>(0, 8, 8, 16, 16, true, false);
}

// A weight gradient with its arrays.
template <class T>
struct GradientProblem {
  ConvWeightGradient<T> conv;
  std::vector<T> x, dy, dw;

  GradientProblem(int64_t images, int64_t h, int64_t w, int64_t channels, int64_t outputs, bool same) {
    const int64_t pad = same ? 1 : 0, oh = h - 2 + 2 * pad, ow = w - 2 + 2 * pad;
    x = whole_numbers<T>(images * h * w * channels, 1);
    dy = whole_numbers<T>(images * oh * ow * outputs, 2);
    dw.assign(at(9 * channels * outputs), T(kUntouched));
    conv.x = x.data();
    conv.dy = dy.data();
    conv.dw = dw.data();
    conv.images = images;
    conv.channels = channels;
    conv.outputs = outputs;
    conv.g.h = h;
    conv.g.w = w;
    conv.g.oh = oh;
    conv.g.ow = ow;
    conv.g.kh = conv.g.kw = 3;
    conv.g.sh = conv.g.sw = conv.g.dh = conv.g.dw = 1;
    conv.g.top = conv.g.left = pad;
  }
};

template <class T>
void check_weight_gradient(int64_t images, int64_t h, int64_t w, int64_t c, int64_t oc, bool same) {
  GradientProblem<T> direct(images, h, w, c, oc, same), winograd(images, h, w, c, oc, same);
  conv_weight_gradient(direct.conv);
  winograd_weight_gradient(winograd.conv);
  ASSERT_EQ(winograd.dw, direct.dw) << images << "x" << h << "x" << w << "x" << c << " oc=" << oc << " same=" << same;
}

TEST(Winograd, EqualsDirectWeightGradientsOfWholeNumbers) {
  for (const bool same : {false, true}) {
    for (const auto& [h, w] : {std::pair<int64_t, int64_t>{4, 4}, {5, 4}, {7, 9}, {12, 11}, {4, 203}, {33, 6}}) {
      for (const auto& [c, oc] : {std::pair<int64_t, int64_t>{16, 16}, {17, 16}, {33, 50}, {64, 129}}) {
        check_weight_gradient<float>(same ? 3 : 1, h, w, c, oc, same);
        check_weight_gradient<double>(same ? 3 : 1, h, w, c, oc, same);
      }
    }
  }
  check_weight_gradient<float>(1, 3, 3, 16, 16, false);
  check_weight_gradient<float>(150, 1, 1, 40, 33, true);
  check_weight_gradient<double>(1, 1, 2, 1, 3, true);
  check_weight_gradient<float>(0, 8, 8, 16, 16, true);
}

TEST(Winograd, HasTheSameBitsAtAnyThreadCount) {
  const int before = num_threads();
  Problem<float> one(5, 13, 10, 24, 70, true, false), four(5, 13, 10, 24, 70, true, false);
  for (Problem<float>* p : {&one, &four}) {  // fractions, so that a change of order would show
    for (float& v : p->x) v /= 7;
    for (float& v : p->w) v /= 11;
  }
  set_num_threads(1);
  winograd_conv(one.conv, one.w.data());
  set_num_threads(4);
  winograd_conv(four.conv, four.w.data());
  set_num_threads(before);
  ASSERT_EQ(one.y, four.y);
}

TEST(Winograd, WeightGradientsHaveTheSameBitsAtAnyThreadCount) {
  const int before = num_threads();
  GradientProblem<float> one(5, 13, 10, 24, 70, true), four(5, 13, 10, 24, 70, true);
  for (GradientProblem<float>* p : {&one, &four}) {
    for (float& v : p->x) v /= 7;
    for (float& v : p->dy) v /= 11;
  }
  set_num_threads(1);
  winograd_weight_gradient(one.conv);
  set_num_threads(4);
  winograd_weight_gradient(four.conv);
  set_num_threads(before);
  ASSERT_EQ(one.dw, four.dw);
}

TEST(Winograd, LeavesOtherConvolutionsAlone) {
  const Problem<float> fits(1, 8, 8, 16, 16, true, false);
  ASSERT_TRUE(winograd_serves(fits.conv));
  ASSERT_FALSE(winograd_serves(Problem<float>(1, 8, 8, 15, 16, true, false).conv));
  ASSERT_FALSE(winograd_serves(Problem<float>(1, 8, 8, 16, 15, true, false).conv));
  ASSERT_FALSE(winograd_serves(Problem<float>(4, 16, 16, 4096, 16, true, false).conv));
  const auto changed = [&](auto change) {
    DirectConv<float> conv = fits.conv;
    change(conv);
    return winograd_serves(conv);
  };
  ASSERT_FALSE(changed([](auto& conv) { conv.sh = 2; }));
  ASSERT_FALSE(changed([](auto& conv) { conv.sw = 2; }));
  ASSERT_FALSE(changed([](auto& conv) { conv.groups = 2; }));
  ASSERT_FALSE(changed([](auto& conv) { conv.phases[0].taps.pop_back(); }));
  ASSERT_FALSE(changed([](auto& conv) {  // dilated
    for (Tap& tap : conv.phases[0].taps) tap = {2 * tap.h, 2 * tap.w};
  }));
  ASSERT_FALSE(changed([](auto& conv) {  // 1×9
    for (int64_t i = 0; i < 9; ++i) conv.phases[0].taps[at(i)] = {0, i};
  }));
}

}  // namespace
}  // namespace juanji
