#include "kernel_sets.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/unary.hpp"

namespace juanji {
namespace {

class KernelSets : public testing::TestWithParam<Isa> {};

// Sizes around every vector width, in memory whose next element would show a write too far.
template <class T>
void check_relu(Isa isa) {
  const auto kernels = kernels::unary_of<T>(isa);
  const T guard = T(-77);
  for (int64_t n = 0; n <= 70; ++n) {
    std::vector<T> x(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) x[static_cast<size_t>(i)] = static_cast<T>(i % 5 - 2);
    if (n > 3) x[3] = std::numeric_limits<T>::quiet_NaN();
    std::vector<T> y(static_cast<size_t>(n) + 1, guard);
    kernels.forward[static_cast<int>(UnaryKind::relu)](x.data(), y.data(), n);
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) {
        EXPECT_TRUE(std::isnan(y[i])) << "n=" << n << " i=" << i;
      } else {
        EXPECT_EQ(y[i], x[i] > 0 ? x[i] : T(0)) << "n=" << n << " i=" << i;
      }
    }
    EXPECT_EQ(y.back(), guard) << "n=" << n;
  }
}

TEST_P(KernelSets, ReluOfEverySizeInFloat) { check_relu<float>(GetParam()); }
TEST_P(KernelSets, ReluOfEverySizeInDouble) { check_relu<double>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, KernelSets, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
