#include <gtest/gtest.h>

#include <limits>

#include "core/parallel.hpp"

#if JUANJI_X86
#include <xmmintrin.h>

namespace juanji {
namespace {

constexpr unsigned kFlush = 0x8040;  // flush-to-zero and denormals-are-zero

float half(float x) {
  volatile float value = x;
  return value * 0.5f;
}

TEST(Denormals, FlushedInsideAndKeptOutside) {
  const float smallest = std::numeric_limits<float>::min();
  ASSERT_GT(half(smallest), 0.0f);
  {
    const DenormalGuard guard;
    EXPECT_EQ(half(smallest), 0.0f);
  }
  EXPECT_GT(half(smallest), 0.0f);
}

TEST(Denormals, ACallerWhoFlushesKeepsFlushing) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | kFlush);
  { const DenormalGuard guard; }
  EXPECT_EQ(_mm_getcsr() & kFlush, kFlush);
  _mm_setcsr(before);
}

TEST(Denormals, RoundingModeSurvives) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr((before & ~0x6000u) | 0x4000u);  // towards plus infinity
  { const DenormalGuard guard; }
  EXPECT_EQ(_mm_getcsr() & 0x6000u, 0x4000u);
  _mm_setcsr(before);
}

TEST(Denormals, ParallelLoopsRestoreTheCallersMode) {
  const unsigned before = _mm_getcsr() & kFlush;
  parallel_for(64, 1e6, [](int64_t, int) {});
  EXPECT_EQ(_mm_getcsr() & kFlush, before);
}

}  // namespace
}  // namespace juanji
#endif
