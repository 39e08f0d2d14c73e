#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
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

TEST(Parallel, ACrewServesManyShortLoops) {
  const int before = num_threads();
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    with_crew([&] {
      for (int64_t loop = 0; loop < 5000; ++loop) {
        std::atomic<int64_t> sum{0};
        parallel_for(loop % 9, 1e6, [&](int64_t task, int worker) {
          EXPECT_LT(worker, threads);
          sum += task + 1;
        });
        const int64_t tasks = loop % 9;
        ASSERT_EQ(sum, tasks * (tasks + 1) / 2);
      }
    });
  }
  set_num_threads(before);
}

TEST(Parallel, ACrewPassesExceptionsOnAndIsGoneAfterwards) {
  EXPECT_THROW(with_crew([&] {
                 EXPECT_THROW(parallel_for(64, 1e6, [](int64_t, int) { throw std::runtime_error("of a task"); }),
                              std::runtime_error);
                 parallel_for(4, 1e6, [](int64_t, int) {});
                 throw std::logic_error("of the body");
               }),
               std::logic_error);
  std::atomic<int> sum{0};
  with_crew([&] { with_crew([&] { parallel_for(64, 1e6, [&](int64_t, int) { ++sum; }); }); });
  parallel_for(64, 1e6, [&](int64_t, int) { ++sum; });
  EXPECT_EQ(sum, 128);
}

TEST(Parallel, CrewsOfSeveralThreadsDoNotMix) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        with_crew([&] {
          for (int loop = 0; loop < 20; ++loop) {
            std::atomic<int> sum{0};
            parallel_for(16, 1e6, [&](int64_t, int) { ++sum; });
            if (sum != 16) ++wrong;
          }
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace juanji
