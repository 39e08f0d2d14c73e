#include "core/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "core/page_place.hpp"

namespace juanji {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

class BufferPool : public testing::Test {
 protected:
  void SetUp() override { pool_trim(); }
  void TearDown() override { pool_trim(); }
};

TEST_F(BufferPool, BlocksAreAlignedAndWritable) {
  for (const size_t bytes : {size_t{1}, size_t{63}, size_t{256}, size_t{257}, size_t{4097}, 2 * kMiB - 64, 3 * kMiB}) {
    const Buffer buffer(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kAlignment, 0u) << bytes;
    std::memset(buffer.data(), 0x5a, bytes);
    EXPECT_GE(pool_statistics().in_use, bytes);
  }
}

// Loads wait for stores to the same place of another page.
TEST_F(BufferPool, LargeBlocksBeginAtDifferentPlacesOfAPage) {
  for (const size_t bytes : {kPlacedBytes, kMiB, 4 * kMiB}) {
    const Buffer a(bytes), b(bytes), c(bytes);
    for (const auto& [x, y] : {std::pair(&a, &b), std::pair(&b, &c), std::pair(&a, &c)}) {
      const size_t apart = (reinterpret_cast<uintptr_t>(x->data()) - reinterpret_cast<uintptr_t>(y->data())) % kPage;
      EXPECT_TRUE(apart >= 512 && apart <= kPage - 512) << bytes;
    }
  }
}

TEST_F(BufferPool, AReleasedBlockIsUsedAgain) {
  void* first = pool_allocate(kMiB);
  pool_release(first);
  EXPECT_GE(pool_statistics().idle, kMiB);
  void* second = pool_allocate(kMiB - 100);  // the same size class
  EXPECT_EQ(first, second);
  EXPECT_EQ(pool_statistics().idle, 0u);
  pool_release(second);
}

TEST_F(BufferPool, TrimGivesEverythingBack) {
  pool_release(pool_allocate(kMiB));
  pool_trim();
  EXPECT_EQ(pool_statistics().idle, 0u);
}

TEST_F(BufferPool, IdleMemoryStaysWithinTwiceWhatWasInUseAtOnce) {
  for (size_t i = 1; i <= 40; ++i) pool_release(pool_allocate(i * 4 * kMiB));  // 40 size classes, one at a time
  EXPECT_LE(pool_statistics().idle, 2 * 200 * kMiB);
}

TEST_F(BufferPool, ImpossibleSizesThrowAndLeaveNoTrace) {
  const size_t in_use = pool_statistics().in_use;
  for (const size_t bytes : {std::numeric_limits<size_t>::max(), size_t{1} << 62}) {
    EXPECT_THROW(pool_allocate(bytes), std::bad_alloc);
  }
  EXPECT_EQ(pool_statistics().in_use, in_use);
  for (size_t i = 1; i <= 40; ++i) pool_release(pool_allocate(i * 4 * kMiB));
  EXPECT_LE(pool_statistics().idle, 2 * 200 * kMiB) << "a failed request must not count as memory in use";
}

TEST_F(BufferPool, ABufferMovesAndReleasesOnce) {
  const size_t in_use = pool_statistics().in_use;
  {
    Buffer a(1000);
    void* data = a.data();
    Buffer b(std::move(a));
    EXPECT_EQ(b.data(), data);
    Buffer c;
    c = std::move(b);
    EXPECT_EQ(c.data(), data);
    EXPECT_EQ(Buffer(0).data(), nullptr);
  }
  EXPECT_EQ(pool_statistics().in_use, in_use);
  pool_release(nullptr);
}

TEST_F(BufferPool, AThreadGetsItsOwnBlocksBack) {
  void* own = pool_allocate(1000);
  pool_release(own);
  std::thread([&] {
    void* other = pool_allocate(1000);
    EXPECT_NE(other, own);
    pool_release(other);
    void* again = pool_allocate(1000);
    EXPECT_EQ(again, other);
    pool_release(again);
  }).join();
  void* again = pool_allocate(1000);
  EXPECT_EQ(again, own);
  pool_release(again);
}

TEST_F(BufferPool, LargeBlocksAndThoseOfThreadsThatEndAreForEverybody) {
  void *large = nullptr, *small = nullptr;
  std::thread([&] {
    large = pool_allocate(16 * kMiB);
    small = pool_allocate(1000);
    pool_release(large);
    pool_release(small);
  }).join();
  void *large_again = pool_allocate(16 * kMiB), *small_again = pool_allocate(1000);
  EXPECT_EQ(large_again, large);
  EXPECT_EQ(small_again, small);
  pool_release(large_again);
  pool_release(small_again);
}

TEST_F(BufferPool, ThreadsKeepFewBlocksForThemselves) {
  const size_t in_use = pool_statistics().in_use;
  std::vector<void*> blocks;
  for (int i = 0; i < 60; ++i) blocks.push_back(pool_allocate(kMiB));
  for (void* block : blocks) pool_release(block);
  EXPECT_EQ(pool_statistics().in_use, in_use);
  EXPECT_GE(pool_statistics().idle, 60 * kMiB);
  size_t found = 0;
  std::thread([&] {
    std::vector<void*> taken;
    for (int i = 0; i < 60; ++i) taken.push_back(pool_allocate(kMiB));
    for (void* block : taken) found += std::count(blocks.begin(), blocks.end(), block) > 0 ? 1 : 0;
    for (void* block : taken) pool_release(block);
  }).join();
  EXPECT_GE(found, 50u);
  EXPECT_LT(found, 60u);
}

TEST_F(BufferPool, TrimReachesTheBlocksOfOtherThreads) {
  std::mutex mutex;
  std::condition_variable changed;
  int stage = 0;
  const auto wait_for = [&](int wanted) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return stage == wanted; });
  };
  const auto go_on = [&](int next) {
    const std::lock_guard<std::mutex> lock(mutex);
    stage = next;
    changed.notify_all();
  };
  std::thread other([&] {
    pool_release(pool_allocate(kMiB));
    go_on(1);
    wait_for(2);
    pool_release(pool_allocate(kMiB));  // what was taken away is not used any more
  });
  wait_for(1);
  EXPECT_GE(pool_statistics().idle, kMiB);
  pool_trim();
  EXPECT_EQ(pool_statistics().idle, 0u);
  go_on(2);
  other.join();
}

TEST_F(BufferPool, LastingBlocksAreNotThePools) {
  const PoolStatistics before = pool_statistics();
  for (const size_t bytes : {size_t{1}, 2 * kMiB, 3 * kMiB + 5}) {
    void* block = lasting_allocate(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % kAlignment, 0u);
    std::memset(block, 0x5a, bytes);
    EXPECT_EQ(pool_statistics().in_use, before.in_use);
    lasting_release(block);
    EXPECT_EQ(pool_statistics().idle, before.idle);
  }
  EXPECT_THROW(lasting_allocate(size_t{1} << 62), std::bad_alloc);
  EXPECT_THROW(lasting_allocate(std::numeric_limits<size_t>::max()), std::bad_alloc);
}

TEST_F(BufferPool, ThreadsDoNotShareBlocks) {
  const size_t in_use = pool_statistics().in_use;
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([id] {
      for (size_t round = 0; round < 500; ++round) {
        const size_t bytes = 1000 + round % 7 * 300;
        const Buffer buffer(bytes);
        std::memset(buffer.data(), id, bytes);
        const auto* data = buffer.as<unsigned char>();
        for (size_t i = 0; i < bytes; i += 97) ASSERT_EQ(data[i], id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool_statistics().in_use, in_use);
}

}  // namespace
}  // namespace juanji
