// Philox4x32-10: counter-based random numbers (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). Every number is a function of the seed and its own position, so that neither threads nor
// the width of vectors can change it.
//
// Kernel files may include this: everything is a static function.
#pragma once

#include <stdint.h>

#define JUANJI_PHILOX_INLINE __attribute__((always_inline)) static inline

namespace juanji {

// Ten rounds on L counters side by side; word w of counter l is c[w][l], before and after. The loop over counters is
// kept rolled: GCC makes vectors of it, but not of what is left when it has unrolled it first.
template <int L>
JUANJI_PHILOX_INLINE void philox4x32_10(uint32_t (&c)[4][L], uint32_t key_0, uint32_t key_1) {
  for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 1
    for (int l = 0; l < L; ++l) {
      const uint64_t product_0 = uint64_t{0xD2511F53} * c[0][l];
      const uint64_t product_1 = uint64_t{0xCD9E8D57} * c[2][l];
      c[0][l] = static_cast<uint32_t>(product_1 >> 32) ^ c[1][l] ^ key_0;
      c[1][l] = static_cast<uint32_t>(product_1);
      c[2][l] = static_cast<uint32_t>(product_0 >> 32) ^ c[3][l] ^ key_1;
      c[3][l] = static_cast<uint32_t>(product_0);
    }
    key_0 += 0x9E3779B9;
    key_1 += 0xBB67AE85;
  }
}

// Which sequence of numbers: the key of Philox and the upper half of its counter.
struct PhiloxStream {
  uint64_t seed;
  uint64_t stream;
};

// Numbers are made 16 blocks at a time, a size that no instruction set changes.
constexpr int kPhiloxLanes = 16;
constexpr int kPhiloxWords = 4 * kPhiloxLanes;

// Words 64 chunk .. 64 chunk + 63 of a stream: words[16 w + l] is word w of block 16 chunk + l.
JUANJI_PHILOX_INLINE void philox_words(PhiloxStream stream, uint64_t chunk, uint32_t (&words)[kPhiloxWords]) {
  uint32_t c[4][kPhiloxLanes];
  const uint64_t first = chunk * kPhiloxLanes;  // a multiple of 16: the lanes never carry into the upper word
  for (int l = 0; l < kPhiloxLanes; ++l) {
    c[0][l] = static_cast<uint32_t>(first) + static_cast<uint32_t>(l);
    c[1][l] = static_cast<uint32_t>(first >> 32);
    c[2][l] = static_cast<uint32_t>(stream.stream);
    c[3][l] = static_cast<uint32_t>(stream.stream >> 32);
  }
  philox4x32_10(c, static_cast<uint32_t>(stream.seed), static_cast<uint32_t>(stream.seed >> 32));
  for (int w = 0; w < 4; ++w) {
    for (int l = 0; l < kPhiloxLanes; ++l) words[w * kPhiloxLanes + l] = c[w][l];
  }
}

// 64-bit number e of the 32 in a chunk: its words are 16 apart.
JUANJI_PHILOX_INLINE uint64_t philox_word_64(const uint32_t (&words)[kPhiloxWords], int e) {
  const int high = (e / kPhiloxLanes) * 2 * kPhiloxLanes + e % kPhiloxLanes;
  return uint64_t{words[high]} << 32 | words[high + kPhiloxLanes];
}

}  // namespace juanji
