// Every tuning number of the matrix kernels, for the instruction set being compiled.
#pragma once

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {

// A tile of C is rows × vectors held in registers as accumulators; besides them it needs the smaller of the two numbers
// and one more register for the operands. One k costs rows broadcasts of A and as many loads of B as there are
// vectors. Two FMAs a cycle with a latency of four want eight accumulators or more.
//   64-byte vectors, 32 registers: 8 × 2. More rows would need more row pointers than there are general registers.
//   32-byte vectors, 16 registers: 3 × 4 = 12 + 3 + 1. Against 6 × 2 that is one load in eight less, and, what counts
//     more, half the broadcasts: rows of A lie a multiple of 64 bytes apart, and such loads meet in one bank of the
//     L1 cache. Where the core runs another thread as well, every instruction less shows.
//   16-byte vectors, 16 registers, separate multiply and add: 4 × 2 = 8 + 2 + 1 + a product.
constexpr int kTileVectors = JUANJI_VECTOR_BYTES == 32 ? 4 : 2;
constexpr int kRegisters = JUANJI_VECTOR_BYTES == 64 ? 32 : 16;
constexpr int kMostRows = 8;

// Rows of a tile of so many vectors: the last columns of C have fewer than kTileVectors.
constexpr int tile_rows(int vectors) {
  if (JUANJI_VECTOR_BYTES == 64) return 8;
  if (JUANJI_VECTOR_BYTES == 16) return vectors == 1 ? 8 : 4;
  return vectors == 1 ? 8 : 12 / vectors;
}

template <class T>
constexpr int kPanel = kTileVectors* kWidth<T>;

template <class T>
constexpr int kLine = 64 / static_cast<int>(sizeof(T));  // elements of a cache line

constexpr int kUnroll = 4;  // k by k: less counting, fewer pointers moved

constexpr bool fits(int vectors) {
  const int rows = tile_rows(vectors);
  const int operands = (rows < vectors ? rows : vectors) + 1;
  return rows <= kMostRows && rows * vectors >= 8 && rows * vectors + operands <= kRegisters;
}
static_assert(fits(1) && fits(2) && fits(kTileVectors), "tiles must fill the FMA units and fit in registers");

}  // namespace juanji::kernels::JUANJI_ISA
