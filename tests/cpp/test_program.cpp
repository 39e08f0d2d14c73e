#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/page_place.hpp"
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "program/lifetimes.hpp"
#include "program/program.hpp"

namespace juanji {
namespace {

bool together(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

TEST(Lifetimes, BuffersAliveTogetherDoNotOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    std::vector<Lifetime> buffers(1 + random() % 40);
    const size_t most = round % 2 == 0 ? 5000 : 4 * kPlacedBytes;
    size_t all = 0;
    for (Lifetime& b : buffers) {
      const size_t first = random() % 30;
      b = {random() % most, first, first + random() % 10};
      all += (b.bytes + kAlignment - 1) / kAlignment * kAlignment + (b.bytes < kPlacedBytes ? 0 : kPage - kAlignment);
    }
    const size_t total = place_by_lifetime(buffers);
    EXPECT_LE(total, all);
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % kAlignment, 0u);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes, total);
      for (size_t j = 0; j < i; ++j) {
        if (!together(buffers[i], buffers[j]) || buffers[i].bytes == 0 || buffers[j].bytes == 0) continue;
        EXPECT_TRUE(buffers[i].offset + buffers[i].bytes <= buffers[j].offset ||
                    buffers[j].offset + buffers[j].bytes <= buffers[i].offset);
      }
    }
  }
}

TEST(Lifetimes, AChainNeedsTwoBuffers) {
  std::vector<Lifetime> buffers;
  for (size_t i = 0; i < 10; ++i) buffers.push_back({6400, i, i + 1});
  EXPECT_EQ(place_by_lifetime(buffers), 2u * 6400u);
}

// Loads wait for stores to the same place of another page.
TEST(Lifetimes, LargeBuffersOfOneStepBeginAtDifferentPlacesOfAPage) {
  std::vector<Lifetime> buffers;
  for (size_t i = 0; i < 40; ++i) buffers.push_back({50 * kPage, i, i + 1});
  EXPECT_LE(place_by_lifetime(buffers), 2u * 51u * kPage) << "places must not keep buffers from lying where one ended";
  for (size_t i = 0; i < 39; ++i) {
    const size_t apart = (buffers[i].offset - buffers[i + 1].offset) % kPage;
    EXPECT_TRUE(apart >= 512 && apart <= kPage - 512) << buffers[i].offset << ", " << buffers[i + 1].offset;
  }
}

TEST(Program, RunsAChainInSharedMemory) {
  Arena arena;
  Program program(arena);
  const Unary relu("relu"), negative("negative");
  const TensorSpec spec{DType::float32, {4}};
  const size_t x = program.add_input(spec);
  size_t y = program.add_step(negative, {x}, false)[0];
  for (int i = 0; i < 6; ++i) y = program.add_step(negative, {y}, false)[0];
  program.add_output(program.add_step(relu, {y}, false)[0]);
  program.plan();
  EXPECT_EQ(program.arena_bytes(), kAlignment);  // each result lies on top of the one before
  const std::vector<float> in{-1, 2, -3, 4};
  std::vector<float> out(4);
  for (int round = 0; round < 2; ++round) {
    program.run({in.data()}, {out.data()});
    EXPECT_EQ(out, (std::vector<float>{1, 0, 3, 0}));
  }
}

// y = -x, then a + y with a = relu(y): y is needed behind a, which must not lie on top of it.
TEST(Program, AResultDoesNotLieOnWhatIsStillRead) {
  Arena arena;
  Program program(arena);
  const Unary relu("relu"), negative("negative");
  const Binary add("add");
  const size_t y = program.add_step(negative, {program.add_input({DType::float32, {4}})}, false)[0];
  const size_t flat = program.add_view(y, {2, 2});
  const size_t a = program.add_step(relu, {y}, false)[0];
  const size_t twice = program.add_step(add, {program.add_view(a, {2, 2}), flat}, false)[0];
  const size_t square = program.add_step(add, {twice, twice}, false)[0];
  program.add_output(program.add_step(negative, {square}, false)[0]);
  program.plan();
  EXPECT_EQ(program.arena_bytes(), 2 * kAlignment);
  const std::vector<float> in{-1, 2, -3, 4};
  std::vector<float> out(4);
  program.run({in.data()}, {out.data()});
  EXPECT_EQ(out, (std::vector<float>{-4, 4, -12, 8}));
}

TEST(Program, TheSetupRunsWhenAskedTo) {
  Arena arena;
  Program program(arena);
  const Unary negative("negative");
  std::vector<float> memory{1, 2}, out(2);
  const size_t m = program.add_memory({DType::float32, {2}}, memory.data());
  const size_t kept = program.add_step(negative, {m}, true)[0];
  program.add_output(program.add_step(negative, {program.add_view(kept, {2, 1})}, false)[0]);
  program.plan();
  program.prepare();
  memory[0] = 5;
  program.run({}, {out.data()});
  EXPECT_EQ(out[0], 1);
  program.prepare();
  program.run({}, {out.data()});
  EXPECT_EQ(out[0], 5);
}

TEST(Program, AViewKeepsTheNumberOfElements) {
  Arena arena;
  Program program(arena);
  const size_t x = program.add_input({DType::float32, {4}});
  EXPECT_THROW(program.add_view(x, {3}), std::invalid_argument);
}

}  // namespace
}  // namespace juanji
