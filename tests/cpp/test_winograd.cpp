// Winograd's convolution against the definition of convolution. Whole numbers go in; with tiles of 2×2 the transforms
// only add and halve twice: every intermediate value is exact, so results are compared for equality. With tiles of
// 4×4 they are compared with a limit in eps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "kernel_sets.hpp"
#include "kernels/matrix.hpp"
#include "kernels/winograd.hpp"
#include "ops/winograd.hpp"
#include "ops/winograd_weights.hpp"

namespace juanji {
namespace {

const double kA = std::sqrt(0.5), kB = std::sqrt(2.0);

// The matrices of a method with tiles of m×m pixels, n = m + 2.
struct Method {
  int64_t m, n;
  std::vector<std::vector<double>> bt, g, at;
};
const Method kTwo{2,
                  4,
                  {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
                  {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
                  {{1, 1, 1, 0}, {0, 1, -1, -1}}};

// By the polynomials of Lagrange's interpolation at 0, a, -a, b, -b and infinity, independent of the closed forms.
Method four() {
  const std::vector<double> points{0, kA, -kA, kB, -kB};
  Method method{4, 6, {}, {}, std::vector<std::vector<double>>(4)};
  for (const double p : points) {
    std::vector<double> polynomial{1};  // the product of (x - q) over the other points
    double scale = 1;
    for (const double q : points) {
      if (q == p) continue;
      scale *= p - q;
      std::vector<double> next(polynomial.size() + 1);
      for (size_t i = 0; i < polynomial.size(); ++i) {
        next[i + 1] += polynomial[i];
        next[i] -= q * polynomial[i];
      }
      polynomial = next;
    }
    polynomial.resize(6);
    method.bt.push_back(polynomial);
    method.g.push_back({1 / scale, p / scale, p * p / scale});
    for (int k = 0; k < 4; ++k) method.at[static_cast<size_t>(k)].push_back(k == 0 ? 1 : std::pow(p, k));
  }
  method.bt.push_back({0, 1, 0, -2.5, 0, 1});  // x (x² - a²) (x² - b²)
  method.g.push_back({0, 0, 1});
  for (int k = 0; k < 4; ++k) method.at[static_cast<size_t>(k)].push_back(k == 3 ? 1 : 0);
  return method;
}
const Method kFour = four();

double element(const std::vector<std::vector<double>>& matrix, int64_t i, int64_t j) {
  return matrix[static_cast<size_t>(i)][static_cast<size_t>(j)];
}

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

// Exact for tiles of 2×2; for others within some eps of the sum of the absolute values of all terms.
template <class T>
void expect_close(const Method& method, T found, double wanted, double size, const std::string& where) {
  const double limit = method.m == 2 ? 0 : 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * size;
  ASSERT_NEAR(static_cast<double>(found), wanted, limit) << method.m << "x" << method.m << " " << where;
}

#define JUANJI_METHOD(method, T, set) \
  ((method).m == 2 ? JUANJI_KERNELS(winograd_2x2, T, set) : JUANJI_KERNELS(winograd_4x4, T, set))

class WinogradKernels : public testing::TestWithParam<KernelSet> {};

template <class T>
void check_input(const KernelSet& set, const Method& method, int64_t c) {
  const int64_t n = method.n, matrices = n * n;
  const int64_t row_step = (n + 3) * c, tiles = 3, tile_step = (c + 15) / 16 * 16;
  const int64_t matrix_step = tiles * tile_step + 16;
  const std::vector<T> x = whole_numbers<T>(row_step * (n + 2), 1);
  const std::vector<const T*> from{x.data(), x.data() + row_step + 3 * c, x.data() + 2 * row_step + 2 * c};
  std::vector<T> a(at(matrices * matrix_step), T(kUntouched));
  JUANJI_METHOD(method, T, set).input({from.data(), row_step, c, c, tiles, a.data(), matrix_step, tile_step});
  for (int64_t t = 0; t < tiles; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      for (int64_t m = 0; m < matrices; ++m) {
        double sum = 0, size = 0;
        for (int64_t p = 0; p < n; ++p) {
          for (int64_t q = 0; q < n; ++q) {
            const double term = element(method.bt, m / n, p) * element(method.bt, m % n, q) *
                                static_cast<double>(from[at(t)][p * row_step + q * c + i]);
            sum += term;
            size += std::abs(term);
          }
        }
        expect_close(method, a[at(m * matrix_step + t * tile_step + i)], sum, size, "c=" + std::to_string(c));
      }
    }
  }
  for (int64_t m = 0; m < matrices; ++m) {
    ASSERT_EQ(a[at(m * matrix_step + tiles * tile_step)], T(kUntouched)) << "c=" << c;
  }
}

template <class T>
void check_output(const KernelSet& set, const Method& method, int64_t c, bool with_bias, Activation activation) {
  const int64_t n = method.n, side = method.m, pixels = side * side;
  const int64_t tiles = 3, matrix_step = tiles * c + 5, shift = 2, pixel = c + 3;
  const std::vector<T> m = whole_numbers<T>(n * n * matrix_step, 2);
  const std::vector<T> bias = whole_numbers<T>(c, 3);
  std::vector<T> y(at(pixels * tiles * pixel + shift), T(kUntouched));
  std::vector<T*> to;
  for (int64_t i = 0; i < pixels * tiles; ++i) to.push_back(y.data() + i * pixel);
  JUANJI_METHOD(method, T, set)
      .output({m.data(), matrix_step, c, tiles, c, to.data(), shift, with_bias ? bias.data() : nullptr, activation});
  for (int64_t i = 0; i < pixels * tiles * pixel + shift; ++i) {
    const int64_t p = (i - shift) / pixel, o = (i - shift) % pixel, t = p / pixels;
    double sum = kUntouched, size = 0;
    if (i >= shift && o < c) {
      sum = with_bias ? static_cast<double>(bias[at(o)]) : 0;
      for (int64_t e = 0; e < n * n; ++e) {
        const double term = element(method.at, p % pixels / side, e / n) * element(method.at, p % side, e % n) *
                            static_cast<double>(m[at(e * matrix_step + t * c + o)]);
        sum += term;
        size += std::abs(term);
      }
      if (activation == Activation::relu) sum = std::max(sum, 0.0);
    }
    expect_close(method, y[at(i)], sum, size, "c=" + std::to_string(c));
  }
}

template <class T>
void check_weights(const KernelSet& set, const Method& method, int64_t columns) {
  const auto panel = JUANJI_KERNELS(matrix, T, set).panel;
  columns = std::min(columns, panel);
  const int64_t n = method.n;
  const int64_t c = 3, channel_step = columns + 2, tap_step = c * channel_step, matrix_step = c * panel;
  const std::vector<T> w = whole_numbers<T>(9 * tap_step, 4);
  std::vector<T> packed(at(n * n * matrix_step + 1), T(kUntouched));
  JUANJI_METHOD(method, T, set).weights({w.data(), tap_step, channel_step, c, columns, packed.data(), matrix_step});
  for (int64_t e = 0; e < n * n * matrix_step; ++e) {
    const int64_t m = e / matrix_step, channel = e % matrix_step / panel, column = e % panel;
    double sum = 0, size = 0;
    for (int64_t tap = 0; tap < 9 && column < columns; ++tap) {
      const double term = element(method.g, m / n, tap / 3) * element(method.g, m % n, tap % 3) *
                          static_cast<double>(w[at(tap * tap_step + channel * channel_step + column)]);
      sum += term;
      size += std::abs(term);
    }
    expect_close(method, packed[at(e)], sum, size, "columns=" + std::to_string(columns));
  }
  ASSERT_EQ(packed.back(), T(kUntouched));
}

template <class T>
void check_output_gradient(const KernelSet& set, const Method& method, int64_t c) {
  const int64_t n = method.n, side = method.m, tiles = 2, tile_step = (c + 15) / 16 * 16, shift = 1, pixel = c + 2;
  const int64_t matrix_step = tiles * tile_step + 3;
  const std::vector<T> dy = whole_numbers<T>(side * side * tiles * pixel + shift, 5);
  std::vector<const T*> from;
  for (int64_t i = 0; i < side * side * tiles; ++i) from.push_back(dy.data() + i * pixel);
  std::vector<T> d(at(n * n * matrix_step + 16), T(kUntouched));
  JUANJI_METHOD(method, T, set).output_gradient({from.data(), shift, c, tiles, d.data(), matrix_step, tile_step});
  for (int64_t t = 0; t < tiles; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      for (int64_t e = 0; e < n * n; ++e) {
        double sum = 0, size = 0;
        for (int64_t p = 0; p < side * side; ++p) {
          const double term = element(method.at, p / side, e / n) * element(method.at, p % side, e % n) *
                              static_cast<double>(from[at(t * side * side + p)][shift + i]);
          sum += term;
          size += std::abs(term);
        }
        expect_close(method, d[at(e * matrix_step + t * tile_step + i)], sum, size, "c=" + std::to_string(c));
      }
    }
  }
}

template <class T>
void check_weight_sums(const KernelSet& set, const Method& method, int64_t columns) {
  const int64_t n = method.n, c = 2, row_step = columns + 1, matrix_step = c * row_step + 2;
  const int64_t channel_step = columns + 3, tap_step = c * channel_step + 1;
  const std::vector<T> s = whole_numbers<T>(n * n * matrix_step, 6);
  std::vector<T> dw(at(9 * tap_step), T(kUntouched));
  JUANJI_METHOD(method, T, set)
      .weight_gradient({s.data(), matrix_step, row_step, c, columns, dw.data(), tap_step, channel_step});
  for (int64_t i = 0; i < 9 * tap_step; ++i) {
    const int64_t tap = i / tap_step, channel = i % tap_step / channel_step, column = i % tap_step % channel_step;
    double sum = kUntouched, size = 0;
    if (channel < c && column < columns) {
      sum = 0;
      for (int64_t e = 0; e < n * n; ++e) {
        const double term = element(method.g, e / n, tap / 3) * element(method.g, e % n, tap % 3) *
                            static_cast<double>(s[at(e * matrix_step + channel * row_step + column)]);
        sum += term;
        size += std::abs(term);
      }
    }
    expect_close(method, dw[at(i)], sum, size, "columns=" + std::to_string(columns));
  }
}

template <class T>
void check_kernels(const KernelSet& set) {
  for (const Method* method : {&kTwo, &kFour}) {
    ASSERT_EQ(JUANJI_METHOD(*method, T, set).tile, method->m);
    ASSERT_EQ(JUANJI_METHOD(*method, T, set).matrices, method->n * method->n);
    for (const int64_t c : kChannels) {
      check_input<T>(set, *method, c);
      check_output<T>(set, *method, c, false, Activation::none);
      check_output<T>(set, *method, c, true, Activation::relu);
      check_weights<T>(set, *method, c);
      check_output_gradient<T>(set, *method, c);
      check_weight_sums<T>(set, *method, c);
    }
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
