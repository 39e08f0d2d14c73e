// Errors of the vector functions against long double.
#include "kernel_sets.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/unary.hpp"

namespace juanji {
namespace {

class Math : public testing::TestWithParam<Isa> {};

// Distance in units of the last place of the exact value rounded to T.
template <class T>
double ulps(T got, long double exact) {
  const T rounded = static_cast<T>(exact);
  if (std::isnan(rounded)) return std::isnan(got) ? 0.0 : INFINITY;
  if (got == rounded) return 0.0;
  if (std::isinf(rounded) || std::isinf(got)) return INFINITY;
  const T size = std::abs(rounded);
  const T ulp = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / static_cast<long double>(ulp));
}

struct Function {
  const char* name;
  UnaryKind kind;
  long double (*exact)(long double);
  double bound;            // ulp
  bool flushes = false;    // results below the smallest normal number may be zero
  double float_bound = 0;  // ulp in float32, where it is another one

  template <class T>
  double bound_of() const {
    return std::is_same_v<T, float> && float_bound > 0 ? float_bound : bound;
  }
};

const Function kFunctions[] = {
    {"ceil", UnaryKind::ceil, [](long double x) { return std::ceil(x); }, 0},
    {"cos", UnaryKind::cos, [](long double x) { return std::cos(x); }, 2.0},
    {"erf", UnaryKind::erf, [](long double x) { return std::erf(x); }, 3.0, false, 6.2},
    {"exp", UnaryKind::exp, [](long double x) { return std::exp(x); }, 1.5, true},
    {"expm1", UnaryKind::expm1, [](long double x) { return std::expm1(x); }, 3.0},
    {"floor", UnaryKind::floor, [](long double x) { return std::floor(x); }, 0},
    {"log", UnaryKind::log, [](long double x) { return std::log(x); }, 1.5},
    {"log1p", UnaryKind::log1p, [](long double x) { return std::log1p(x); }, 2.5},
    {"round", UnaryKind::round, [](long double x) { return std::nearbyint(x); }, 0},
    {"rsqrt", UnaryKind::rsqrt, [](long double x) { return 1 / std::sqrt(x); }, 1.5},
    {"sigmoid", UnaryKind::sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }, 3.0, true},
    {"sin", UnaryKind::sin, [](long double x) { return std::sin(x); }, 2.0},
    {"softplus", UnaryKind::softplus,
     [](long double x) { return std::fmax(x, 0.0L) + std::log1p(std::exp(-std::fabs(x))); }, 3.0, true},
    {"sqrt", UnaryKind::sqrt, [](long double x) { return std::sqrt(x); }, 0.5001},
    {"tanh", UnaryKind::tanh, [](long double x) { return std::tanh(x); }, 3.0, false, 5.5},
    {"trunc", UnaryKind::trunc, [](long double x) { return std::trunc(x); }, 0},
};

// Dense where the functions bend, geometric from the smallest denormal to the largest number, both signs.
template <class T>
std::vector<T> arguments() {
  std::vector<T> x;
  for (int i = -300000; i <= 300000; ++i) x.push_back(static_cast<T>(i) * static_cast<T>(4e-4));
  const T largest = std::numeric_limits<T>::max();
  for (T v = std::numeric_limits<T>::denorm_min(); v < largest / 2; v *= static_cast<T>(1.37)) {
    if (v == static_cast<T>(v * static_cast<T>(1.37))) v *= 2;  // 1.37 denormals round back to themselves
    x.push_back(v);
    x.push_back(-v);
    x.push_back(1 + v);
    x.push_back(1 - v);
  }
  for (const T scale : {static_cast<T>(88.72), static_cast<T>(-87.33), static_cast<T>(-103.97), static_cast<T>(709.78),
                        static_cast<T>(-708.39), static_cast<T>(-745.13)}) {
    for (int i = -200; i <= 200; ++i) x.push_back(scale * (1 + static_cast<T>(i) * static_cast<T>(1e-6)));
  }
  // where tanh and erf of float32 err most, in the arithmetic with and without fused multiply-add
  for (const double worst : {0x1.e2f032p+2, 0x1.f51e14p+2, 0x1.eca60ap+1, 0x1.cbf24cp+1}) {
    for (const double sign : {1.0, -1.0}) x.push_back(static_cast<T>(sign * worst));
  }
  for (const T edge : {T{0}, -T{0}, std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                       std::numeric_limits<T>::quiet_NaN(), largest, -largest}) {
    x.push_back(edge);
  }
  return x;
}

template <class T>
void check_accuracy(Isa isa) {
  const auto kernels = kernels::unary_of<T>(isa);
  const std::vector<T> x = arguments<T>();
  std::vector<T> y(x.size());
  for (const Function& f : kFunctions) {
    kernels.forward[static_cast<int>(f.kind)](x.data(), y.data(), static_cast<int64_t>(x.size()));
    double worst = 0;
    T where = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const long double exact = f.exact(static_cast<long double>(x[i]));
      if (f.flushes && y[i] == 0 && std::fabs(exact) < std::numeric_limits<T>::min()) continue;
      const double error = ulps(y[i], exact);
      if (error > worst) {
        worst = error;
        where = x[i];
      }
    }
    EXPECT_LE(worst, f.bound_of<T>()) << f.name << " at x = " << std::hexfloat << where;
    testing::Test::RecordProperty(f.name, std::to_string(worst));
  }
}

TEST_P(Math, AccuracyFloat) { check_accuracy<float>(GetParam()); }
TEST_P(Math, AccuracyDouble) { check_accuracy<double>(GetParam()); }

// What is built on them, probabilities and gates, relies on the range and on oddness.
template <class T>
void check_range(Isa isa) {
  const auto kernels = kernels::unary_of<T>(isa);
  const std::vector<T> x = arguments<T>();
  std::vector<T> minus(x.size()), y(x.size()), odd(x.size());
  for (size_t i = 0; i < x.size(); ++i) minus[i] = -x[i];
  const int64_t n = static_cast<int64_t>(x.size());
  for (const UnaryKind kind : {UnaryKind::erf, UnaryKind::tanh, UnaryKind::sigmoid}) {
    const auto forward = kernels.forward[static_cast<int>(kind)];
    forward(x.data(), y.data(), n);
    forward(minus.data(), odd.data(), n);
    size_t outside = 0, uneven = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) continue;
      const T lowest = kind == UnaryKind::sigmoid ? T{0} : T{-1};
      outside += !(y[i] >= lowest && y[i] <= T{1});
      uneven += kind != UnaryKind::sigmoid && y[i] != -odd[i];
    }
    EXPECT_EQ(outside, 0u) << static_cast<int>(kind);
    EXPECT_EQ(uneven, 0u) << static_cast<int>(kind);
  }
}

TEST_P(Math, RangeFloat) { check_range<float>(GetParam()); }
TEST_P(Math, RangeDouble) { check_range<double>(GetParam()); }

// Zeros of both signs are equal, so the accuracy test cannot see the sign.
template <class T>
void check_signed_zero(Isa isa) {
  const auto kernels = kernels::unary_of<T>(isa);
  const T x[] = {-T{0}, T{0}};
  T y[2];
  for (const UnaryKind kind : {UnaryKind::expm1, UnaryKind::log1p, UnaryKind::tanh, UnaryKind::sqrt, UnaryKind::sin,
                               UnaryKind::erf, UnaryKind::floor, UnaryKind::ceil, UnaryKind::round, UnaryKind::trunc}) {
    kernels.forward[static_cast<int>(kind)](x, y, 2);
    EXPECT_TRUE(std::signbit(y[0])) << static_cast<int>(kind);
    EXPECT_FALSE(std::signbit(y[1])) << static_cast<int>(kind);
  }
}

TEST_P(Math, SignedZerosFloat) { check_signed_zero<float>(GetParam()); }
TEST_P(Math, SignedZerosDouble) { check_signed_zero<double>(GetParam()); }

// Full vectors and the partial one at the end go through different loads.
TEST_P(Math, EveryLengthGivesTheSameBits) {
  const auto kernels = kernels::unary_of<float>(GetParam());
  std::vector<float> x(70), all(70), part(70);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 0.17f * static_cast<float>(i) - 5.0f;
  for (int kind = 0; kind < kUnaryKinds; ++kind) {
    kernels.forward[kind](x.data(), all.data(), 70);
    for (size_t n = 0; n < 70; ++n) {
      part.assign(70, -7.0f);
      kernels.forward[kind](x.data(), part.data(), static_cast<int64_t>(n));
      for (size_t i = 0; i < 70; ++i) {
        const float expected = i < n ? all[i] : -7.0f;
        EXPECT_TRUE(part[i] == expected || (std::isnan(part[i]) && std::isnan(expected))) << kind << " " << n;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EverySet, Math, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
