// The transforms of Winograd's method against its matrices. Whole numbers go in; with tiles of 2×2 the transforms only
// add and halve twice: every intermediate value is exact, so results are compared for equality. With tiles of 4×4 they
// are compared with a limit in eps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernel_sets.hpp"
#include "kernels/matrix.hpp"
#include "kernels/winograd.hpp"
#include "whole_numbers.hpp"

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
// Exact for tiles of 2×2; for others within some eps of the sum of the absolute values of all terms.
template <class T>
void expect_close(const Method& method, T found, double wanted, double size, const std::string& where) {
  const double limit = method.m == 2 ? 0 : 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * size;
  ASSERT_NEAR(static_cast<double>(found), wanted, limit) << method.m << "x" << method.m << " " << where;
}

template <class T>
auto table_of(const Method& method, Isa isa) {
  return method.m == 2 ? kernels::winograd_2x2_of<T>(isa) : kernels::winograd_4x4_of<T>(isa);
}

class WinogradKernels : public testing::TestWithParam<Isa> {};

template <class T>
void check_input(Isa isa, const Method& method, int64_t c) {
  const int64_t n = method.n, matrices = n * n;
  const int64_t height = n + 2, width = n + 3, row_step = width * c;
  const std::vector<std::pair<int64_t, int64_t>> corners{{0, 0}, {1, 3}, {-1, -2}, {4, 5}, {-n, 1}, {2, -1}};
  const auto tiles = static_cast<int64_t>(corners.size());
  const int64_t tile_step = (c + 15) / 16 * 16, matrix_step = tiles * tile_step + 16;
  const std::vector<T> x = whole_numbers<T>(row_step * height, 1);
  std::vector<kernels::WinogradWindow> windows;
  for (const auto& [h, w] : corners) {
    const auto inside = [&](int64_t pixels) { return static_cast<int32_t>(std::clamp<int64_t>(pixels, 0, n)); };
    windows.push_back({h * row_step + w * c, inside(-h), inside(height - h), inside(-w), inside(width - w)});
  }
  const auto pixel = [&](int64_t h, int64_t w, int64_t i) {
    const bool exists = h >= 0 && h < height && w >= 0 && w < width;
    return exists ? static_cast<double>(x[at(h * row_step + w * c + i)]) : 0.0;
  };
  std::vector<T> a(at(matrices * matrix_step), T(kUntouched));
  table_of<T>(method, isa).input({x.data(), windows.data(), row_step, c, c, tiles, a.data(), matrix_step, tile_step});
  for (int64_t t = 0; t < tiles; ++t) {
    for (int64_t i = 0; i < c; ++i) {
      for (int64_t m = 0; m < matrices; ++m) {
        double sum = 0, size = 0;
        for (int64_t p = 0; p < n; ++p) {
          for (int64_t q = 0; q < n; ++q) {
            const double term = element(method.bt, m / n, p) * element(method.bt, m % n, q) *
                                pixel(corners[at(t)].first + p, corners[at(t)].second + q, i);
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
void check_output(Isa isa, const Method& method, int64_t c, bool with_bias, bool add, Activation activation) {
  const int64_t n = method.n, side = method.m, pixels = side * side;
  const int64_t tiles = 3, matrix_step = tiles * c + 5, shift = 2, pixel = c + 3;
  const std::vector<T> m = whole_numbers<T>(n * n * matrix_step, 2);
  const std::vector<T> bias = whole_numbers<T>(c, 3);
  std::vector<T> y(at(pixels * tiles * pixel + shift), T(kUntouched));
  std::vector<T*> to;
  for (int64_t i = 0; i < pixels * tiles; ++i) to.push_back(y.data() + i * pixel);
  table_of<T>(method, isa)
      .output(
          {m.data(), matrix_step, c, tiles, c, to.data(), shift, with_bias ? bias.data() : nullptr, activation, add});
  for (int64_t i = 0; i < pixels * tiles * pixel + shift; ++i) {
    const int64_t p = (i - shift) / pixel, o = (i - shift) % pixel, t = p / pixels;
    double sum = kUntouched, size = add ? kUntouched : 0;
    if (i >= shift && o < c) {
      sum = (with_bias ? static_cast<double>(bias[at(o)]) : 0) + (add ? kUntouched : 0);
      for (int64_t e = 0; e < n * n; ++e) {
        const double term = element(method.at, p % pixels / side, e / n) * element(method.at, p % side, e % n) *
                            static_cast<double>(m[at(e * matrix_step + t * c + o)]);
        sum += term;
        size += std::abs(term);
      }
      if (activation != Activation::none) sum = std::max(sum, 0.0);
      if (activation == Activation::relu6) sum = std::min(sum, 6.0);
    }
    expect_close(method, y[at(i)], sum, size, "c=" + std::to_string(c));
  }
}

template <class T>
void check_weights(Isa isa, const Method& method, int64_t columns) {
  const auto panel = kernels::matrix_of<T>(isa).panel;
  columns = std::min(columns, panel);
  const int64_t n = method.n;
  const int64_t c = 3, channel_step = columns + 2, tap_step = c * channel_step, matrix_step = c * panel;
  const std::vector<T> w = whole_numbers<T>(9 * tap_step, 4);
  std::vector<T> packed(at(n * n * matrix_step + 1), T(kUntouched));
  table_of<T>(method, isa).weights({w.data(), tap_step, channel_step, c, columns, packed.data(), matrix_step});
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
void check_output_gradient(Isa isa, const Method& method, int64_t c) {
  const int64_t n = method.n, side = method.m, tiles = 2, tile_step = (c + 15) / 16 * 16, shift = 1, pixel = c + 2;
  const int64_t matrix_step = tiles * tile_step + 3;
  const std::vector<T> dy = whole_numbers<T>(side * side * tiles * pixel + shift, 5);
  std::vector<const T*> from;
  for (int64_t i = 0; i < side * side * tiles; ++i) from.push_back(dy.data() + i * pixel);
  std::vector<T> d(at(n * n * matrix_step + 16), T(kUntouched));
  table_of<T>(method, isa).output_gradient({from.data(), shift, c, tiles, d.data(), matrix_step, tile_step});
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
void check_weight_sums(Isa isa, const Method& method, int64_t columns) {
  const int64_t n = method.n, c = 2, row_step = columns + 1, matrix_step = c * row_step + 2;
  const int64_t channel_step = columns + 3, tap_step = c * channel_step + 1;
  const std::vector<T> s = whole_numbers<T>(n * n * matrix_step, 6);
  std::vector<T> dw(at(9 * tap_step), T(kUntouched));
  table_of<T>(method, isa)
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
void check_kernels(Isa isa) {
  for (const Method* method : {&kTwo, &kFour}) {
    ASSERT_EQ(table_of<T>(*method, isa).tile, method->m);
    ASSERT_EQ(table_of<T>(*method, isa).matrices, method->n * method->n);
    for (const int64_t c : kChannels) {
      check_input<T>(isa, *method, c);
      check_output<T>(isa, *method, c, false, false, Activation::none);
      check_output<T>(isa, *method, c, true, false, Activation::relu);
      check_output<T>(isa, *method, c, true, true, Activation::relu);
      check_output<T>(isa, *method, c, false, true, Activation::none);
      check_output<T>(isa, *method, c, true, false, Activation::relu6);
      check_weights<T>(isa, *method, c);
      check_output_gradient<T>(isa, *method, c);
      check_weight_sums<T>(isa, *method, c);
    }
  }
}

TEST_P(WinogradKernels, FollowTheDefinitionInFloat) { check_kernels<float>(GetParam()); }
TEST_P(WinogradKernels, FollowTheDefinitionInDouble) { check_kernels<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, WinogradKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
