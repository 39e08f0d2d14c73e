#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/parallel.hpp"

namespace juanji {

TEST(Parallel, EveryTaskRunsOnce) {
  std::vector<std::atomic<int>> runs(1000);
  parallel_for(1000, 1000.0, [&](int64_t task, int worker) {
    ASSERT_GE(worker, 0);
    ASSERT_LT(worker, max_workers());
    ++runs[static_cast<size_t>(task)];
  });
  for (const auto& n : runs) EXPECT_EQ(n, 1);
}

TEST(Parallel, ExceptionsReachTheCallerAndTheNextLoopWorks) {
  for (const double cost : {0.0, 1e6}) {
    EXPECT_THROW(parallel_for(64, cost,
                              [](int64_t task, int) {
                                if (task == 40) throw std::runtime_error("task 40");
                              }),
                 std::runtime_error);
    std::atomic<int> sum{0};
    parallel_for(64, cost, [&](int64_t, int) { ++sum; });
    EXPECT_EQ(sum, 64);
  }
}

TEST(Parallel, NestedCallsRunSerially) {
  std::atomic<int> sum{0};
  parallel_for(8, 1e6, [&](int64_t, int outer) {
    parallel_for(8, 1e6, [&](int64_t, int inner) {
      EXPECT_EQ(inner, outer);
      ++sum;
    });
  });
  EXPECT_EQ(sum, 64);
}

}  // namespace juanji
