// Winograd's convolution against direct convolution, of whole numbers. With tiles of 2×2 every intermediate value is
// exact, so results are compared for equality; with 4×4 with a limit in eps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "ops/winograd.hpp"
#include "ops/winograd_weights.hpp"
#include "whole_numbers.hpp"

namespace juanji {
namespace {

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

// Equal for tiles of 2×2. For 4×4 within 38 eps of the largest value where up to 1500 terms are added, and with the
// root of their number above (tests/test_winograd.py says why).
template <class T>
void expect_same(int64_t tile, int64_t terms, const std::vector<T>& found, const std::vector<T>& wanted,
                 const std::string& where) {
  if (tile == 2) {
    ASSERT_EQ(found, wanted) << where;
    return;
  }
  ASSERT_EQ(found.size(), wanted.size()) << where;
  double largest = 0, off = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(wanted[i])));
    off = std::max(off, std::abs(static_cast<double>(found[i]) - static_cast<double>(wanted[i])));
  }
  const double c = 38 * std::max(1.0, std::sqrt(static_cast<double>(terms) / 1500));
  ASSERT_LE(off, c * static_cast<double>(std::numeric_limits<T>::epsilon()) * largest) << where;
}

template <class T>
void check_convolution(int64_t images, int64_t h, int64_t w, int64_t c, int64_t oc, bool same, bool pooled) {
  Problem<T> direct(images, h, w, c, oc, same, pooled);
  direct_conv(direct.conv, direct.w.data(), {direct.layout});
  for (const int64_t tile : {2, 4}) {
    Problem<T> winograd(images, h, w, c, oc, same, pooled);
    std::ostringstream where;
    where << tile << ": " << images << "x" << h << "x" << w << "x" << c << " oc=" << oc << " same=" << same;
    if (!winograd_serves(winograd.conv, tile)) {
      ASSERT_EQ(tile, 4) << where.str();  // more matrices: fewer channels fit
      continue;
    }
    winograd_conv(winograd.conv, tile, winograd.w.data());
    expect_same(tile, 9 * c, winograd.y, direct.y, where.str());
    if (tile == 2) {
      ASSERT_EQ(winograd.argmax, direct.argmax) << where.str();
    }
  }
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
  GradientProblem<T> direct(images, h, w, c, oc, same);
  conv_weight_gradient(direct.conv);
  for (const int64_t tile : {2, 4}) {
    GradientProblem<T> winograd(images, h, w, c, oc, same);
    winograd_weight_gradient(winograd.conv, tile);
    std::ostringstream where;
    where << tile << ": " << images << "x" << h << "x" << w << "x" << c << " oc=" << oc << " same=" << same;
    expect_same(tile, images * h * w, winograd.dw, direct.dw, where.str());
  }
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
  for (const int64_t tile : {2, 4}) {
    Problem<float> one(5, 13, 10, 24, 70, true, false), four(5, 13, 10, 24, 70, true, false);
    for (Problem<float>* p : {&one, &four}) {  // fractions, so that a change of order would show
      for (float& v : p->x) v /= 7;
      for (float& v : p->w) v /= 11;
    }
    set_num_threads(1);
    winograd_conv(one.conv, tile, one.w.data());
    set_num_threads(4);
    winograd_conv(four.conv, tile, four.w.data());
    ASSERT_EQ(one.y, four.y);
  }
  set_num_threads(before);
}

// What is pooled on the way has the bits of what is pooled afterwards: steps recorded and eager agree.
TEST(Winograd, PoolsTheSameBits) {
  for (const int64_t tile : {2, 4}) {
    for (const auto& [h, w] : {std::pair<int64_t, int64_t>{8, 8}, {13, 10}, {7, 15}, {2, 3}, {6, 5}}) {
      Problem<float> whole(3, h, w, 24, 40, true, false), pooled(3, h, w, 24, 40, true, true);
      for (Problem<float>* p : {&whole, &pooled}) {
        for (float& v : p->x) v /= 7;
        for (float& v : p->w) v /= 11;
        winograd_conv(p->conv, tile, p->w.data());
      }
      for (int64_t i = 0; i < static_cast<int64_t>(pooled.y.size()); ++i) {
        const int64_t o = i % 40, column = i / 40 % (w / 2), row = i / 40 / (w / 2) % (h / 2),
                      n = i / 40 / (w / 2) / (h / 2);
        float largest = 0;  // all have gone through a ReLU
        for (const int64_t r : {2 * row, 2 * row + 1}) {
          for (const int64_t c : {2 * column, 2 * column + 1}) {
            largest = std::max(largest, whole.y[at(((n * h + r) * w + c) * 40 + o)]);
          }
        }
        ASSERT_EQ(pooled.y[at(i)], largest) << tile << " " << h << "x" << w << " element " << i;
      }
    }
  }
}

TEST(Winograd, WeightGradientsHaveTheSameBitsAtAnyThreadCount) {
  const int before = num_threads();
  for (const int64_t tile : {2, 4}) {
    GradientProblem<float> one(5, 13, 10, 24, 70, true), four(5, 13, 10, 24, 70, true);
    for (GradientProblem<float>* p : {&one, &four}) {
      for (float& v : p->x) v /= 7;
      for (float& v : p->dy) v /= 11;
    }
    set_num_threads(1);
    winograd_weight_gradient(one.conv, tile);
    set_num_threads(4);
    winograd_weight_gradient(four.conv, tile);
    ASSERT_EQ(one.dw, four.dw);
  }
  set_num_threads(before);
}

TEST(Winograd, LeavesOtherConvolutionsAlone) {
  const Problem<float> fits(1, 8, 8, 16, 16, true, false);
  ASSERT_TRUE(winograd_serves(fits.conv, 2));
  ASSERT_FALSE(winograd_serves(Problem<float>(1, 8, 8, 15, 16, true, false).conv, 2));
  ASSERT_FALSE(winograd_serves(Problem<float>(1, 8, 8, 16, 15, true, false).conv, 2));
  ASSERT_FALSE(winograd_serves(Problem<float>(4, 16, 16, 4096, 16, true, false).conv, 2));
  const auto changed = [&](auto change) {
    DirectConv<float> conv = fits.conv;
    change(conv);
    return winograd_serves(conv, 2) || winograd_serves(conv, 4);
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
