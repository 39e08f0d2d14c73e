// Copy kernels of every instruction set against their definition, in memory that shows a write too far.
#include "kernel_sets.hpp"

#include <vector>

#include "kernels/copy.hpp"

namespace juanji {
namespace {

class CopyKernels : public testing::TestWithParam<Isa> {};

size_t at(int64_t i) { return static_cast<size_t>(i); }

template <class T>
std::vector<T> numbers(int64_t n) {
  std::vector<T> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<T>(7 * i + 1));
  return x;
}

constexpr int64_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130, 600};

template <class T>
void check_rows(Isa isa) {
  const auto kernels = kernels::copy_of<T>(isa);
  const T guard = static_cast<T>(200);
  for (const int64_t cols : kSizes) {
    for (const int64_t rows : {1, 2, 5}) {
      for (const int64_t step : {-3, -2, -1, 0, 1, 2, 3}) {
        for (const int64_t gap : {0, 1, 5}) {
          for (const bool backwards : {false, true}) {
            const int64_t reach = (step < 0 ? -step : step) * (cols - 1);
            const int64_t row_stride = (backwards ? -1 : 1) * (reach + 1 + gap);
            const int64_t elements = (reach + 1 + gap) * rows;
            const int64_t first = (backwards ? (rows - 1) * (reach + 1 + gap) : 0) + (step < 0 ? reach : 0);
            const std::vector<T> x = numbers<T>(elements);
            std::vector<T> y(at(rows * cols) + 1, guard);
            kernels.gather(x.data() + first, row_stride, step, y.data(), rows, cols);
            for (int64_t i = 0; i < rows * cols; ++i) {
              ASSERT_EQ(y[at(i)], x[at(first + i / cols * row_stride + i % cols * step)])
                  << rows << "x" << cols << " step " << step << " at " << i;
            }
            EXPECT_EQ(y.back(), guard);
            if (step == 0 && cols > 1) continue;
            std::vector<T> expected(at(elements) + 1, guard), placed = expected;
            for (int64_t i = 0; i < rows * cols; ++i) {
              expected[at(first + i / cols * row_stride + i % cols * step)] = y[at(i)];
            }
            kernels.scatter(y.data(), placed.data() + first, row_stride, step, rows, cols);
            ASSERT_EQ(placed, expected) << rows << "x" << cols << " step " << step;
          }
        }
      }
    }
  }
}

TEST_P(CopyKernels, Rows1) { check_rows<uint8_t>(GetParam()); }
TEST_P(CopyKernels, Rows4) { check_rows<uint32_t>(GetParam()); }
TEST_P(CopyKernels, Rows8) { check_rows<uint64_t>(GetParam()); }

template <class T>
void check_transpose(Isa isa) {
  const auto kernels = kernels::copy_of<T>(isa);
  const T guard = static_cast<T>(200);
  for (const int64_t m : kSizes) {
    for (const int64_t n : kSizes) {
      if (m * n > 5000) continue;
      const int64_t x_stride = m + 3, y_stride = n + 2;
      const std::vector<T> x = numbers<T>(n * x_stride);
      std::vector<T> y(at(m * y_stride), guard);
      kernels.transpose(x.data(), x_stride, y.data(), y_stride, m, n);
      for (int64_t i = 0; i < m * y_stride; ++i) {
        const int64_t r = i / y_stride, c = i % y_stride;
        ASSERT_EQ(y[at(i)], c < n ? x[at(r + c * x_stride)] : guard) << m << "x" << n << " at " << r << ", " << c;
      }
    }
  }
}

TEST_P(CopyKernels, Transpose1) { check_transpose<uint8_t>(GetParam()); }
TEST_P(CopyKernels, Transpose4) { check_transpose<uint32_t>(GetParam()); }
TEST_P(CopyKernels, Transpose8) { check_transpose<uint64_t>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EverySet, CopyKernels, testing::ValuesIn(supported_isas()), isa_test_name);

}  // namespace
}  // namespace juanji
