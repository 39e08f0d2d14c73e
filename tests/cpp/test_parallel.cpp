#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/parallel.hpp"

namespace juanji {
namespace {

void work_a_little() {  // so that helpers arrive in time
  for (volatile int i = 0; i < 300;) i = i + 1;
}

}  // namespace

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

TEST(Parallel, TheNumberOfThreadsMayChangeBetweenLoops) {
  const int before = num_threads();
  for (const int threads : {1, 2, 7, 3, 12, 2}) {
    set_num_threads(threads);
    for (int64_t loop = 0; loop < 2000; ++loop) {
      std::atomic<int64_t> sum{0};
      parallel_for(loop % 9, 1e6, [&](int64_t task, int worker) {
        EXPECT_LT(worker, threads);
        work_a_little();
        sum += task + 1;
      });
      const int64_t tasks = loop % 9;
      ASSERT_EQ(sum, tasks * (tasks + 1) / 2);
    }
  }
  set_num_threads(before);
}

// Each task waits for the others: they end only if as many threads come, also those that have gone to sleep.
TEST(Parallel, HelpersWakeUp) {
  if (!openmp_enabled()) GTEST_SKIP() << "built without OpenMP: there are no helpers";
  const int before = num_threads();
  for (const int threads : {2, 5, 3}) {
    set_num_threads(threads);
    for (const int pause : {0, 1, 5}) {
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));
      std::atomic<int> there{0}, late{0};
      parallel_for(threads, 1e6, [&](int64_t, int) {
        ++there;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (there < threads && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        if (there < threads) ++late;
      });
      EXPECT_EQ(late, 0) << threads << " threads after " << pause << " ms";
    }
  }
  set_num_threads(before);
}

// As above, so that nobody is through with a task of its own before all have begun one.
TEST(Parallel, EveryThreadHasTheSameShareOfEveryLoop) {
  if (!openmp_enabled()) GTEST_SKIP() << "built without OpenMP: there is one thread";
  const int before = num_threads();
  for (const int threads : {2, 5, 3}) {
    set_num_threads(threads);
    for (int loop = 0; loop < 20; ++loop) {
      std::atomic<int> there{0}, elsewhere{0};
      parallel_for(threads, 1e6, [&](int64_t task, int worker) {
        ++there;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (there < threads && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        if (task != worker) ++elsewhere;
      });
      EXPECT_EQ(elsewhere, 0) << threads << " threads";
    }
  }
  set_num_threads(before);
}

TEST(Parallel, OthersTakeTheTasksOfAThreadThatIsHeldUp) {
  if (!openmp_enabled()) GTEST_SKIP() << "built without OpenMP: there is one thread";
  const int before = num_threads();
  set_num_threads(2);
  for (const int64_t held_up : {0, 8}) {  // the first tasks of the two shares
    std::atomic<int> through{0};
    bool alone = true;
    parallel_for(16, 1e6, [&](int64_t task, int) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (task == held_up && through < 15 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
      if (task == held_up) alone = through < 15;
      ++through;
    });
    EXPECT_FALSE(alone);
  }
  set_num_threads(before);
}

TEST(Parallel, LoopsOfManyThreadsDoNotMix) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 40; ++t) {  // more than there are places for
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<int> sum{0};
        std::vector<std::atomic<int>> inside(static_cast<size_t>(max_workers()));
        parallel_for(16, 1e6, [&](int64_t, int worker) {
          if (inside[static_cast<size_t>(worker)]++ != 0) ++wrong;  // two threads with the same slot
          work_a_little();
          ++sum;
          --inside[static_cast<size_t>(worker)];
        });
        if (sum != 16) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace juanji
