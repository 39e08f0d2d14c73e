// Philox4x32-10 against the known answers that come with Random123 (D. E. Shaw Research, file tests/kat_vectors).
#include "core/philox.hpp"

#include <gtest/gtest.h>

#include <array>

namespace juanji {
namespace {

struct KnownAnswer {
  std::array<uint32_t, 4> counter;
  std::array<uint32_t, 2> key;
  std::array<uint32_t, 4> output;
};

const KnownAnswer kKnownAnswers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

TEST(Philox, KnownAnswers) {
  for (const KnownAnswer& answer : kKnownAnswers) {
    uint32_t c[4][1];
    for (size_t w = 0; w < 4; ++w) c[w][0] = answer.counter[w];
    philox4x32_10(c, answer.key[0], answer.key[1]);
    for (size_t w = 0; w < 4; ++w) EXPECT_EQ(c[w][0], answer.output[w]) << "word " << w;
  }
}

TEST(Philox, LanesAreIndependentCounters) {
  uint32_t c[4][3];
  for (size_t l = 0; l < 3; ++l) {
    for (size_t w = 0; w < 4; ++w) c[w][l] = kKnownAnswers[2].counter[w];
  }
  c[0][1] = 0;
  philox4x32_10(c, kKnownAnswers[2].key[0], kKnownAnswers[2].key[1]);
  for (size_t w = 0; w < 4; ++w) {
    EXPECT_EQ(c[w][0], kKnownAnswers[2].output[w]);
    EXPECT_EQ(c[w][2], kKnownAnswers[2].output[w]);
    EXPECT_NE(c[w][1], kKnownAnswers[2].output[w]);
  }
}

// Word 16 w + l of chunk n is word w of block 16 n + l, with the stream in the upper half of the counter.
TEST(Philox, ChunksCountBlocks) {
  for (const uint64_t chunk :
       {uint64_t{0}, uint64_t{1}, uint64_t{0x0fffffff}, uint64_t{0x10000000}, ~uint64_t{0} / 16}) {
    const PhiloxStream stream{0x299f31d0a4093822, 0x0370734413198a2e};
    uint32_t words[kPhiloxWords];
    philox_words(stream, chunk, words);
    for (uint64_t l = 0; l < kPhiloxLanes; ++l) {
      const uint64_t block = chunk * kPhiloxLanes + l;
      uint32_t c[4][1] = {
          {static_cast<uint32_t>(block)}, {static_cast<uint32_t>(block >> 32)}, {0x13198a2e}, {0x03707344}};
      philox4x32_10(c, 0xa4093822, 0x299f31d0);
      for (size_t w = 0; w < 4; ++w) EXPECT_EQ(words[w * kPhiloxLanes + l], c[w][0]) << chunk << ' ' << l << ' ' << w;
    }
  }
}

TEST(Philox, EveryWordIsInOne64BitNumber) {
  uint32_t words[kPhiloxWords];
  for (uint32_t i = 0; i < kPhiloxWords; ++i) words[i] = i;
  std::array<int, kPhiloxWords> seen{};
  for (int e = 0; e < kPhiloxWords / 2; ++e) {
    const uint64_t number = philox_word_64(words, e);
    ++seen[number >> 32];
    ++seen[number & 0xffffffff];
    EXPECT_EQ((number & 0xffffffff) - (number >> 32), 16u);
  }
  for (const int n : seen) EXPECT_EQ(n, 1);
}

}  // namespace
}  // namespace juanji
