// Every tuning number of the matrix kernels, for the instruction set being compiled.
#pragma once

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {

// A tile of C is kTileRows × kPanel<T> elements held in registers: kTileRows × kTileVectors accumulators, kTileVectors
// registers for a row of B and one for the broadcast element of A.
//   64-byte vectors, 32 registers: 8 × 2 = 16 accumulators. More rows would need more row pointers than there are
//     general registers; 16 accumulators already hide the latency of the FMA units (2 a cycle × 4 cycles = 8).
//   32-byte vectors, 16 registers: 6 × 2 = 12 + 2 + 1 = 15.
//   16-byte vectors, 16 registers, separate multiply and add: 4 × 2 = 8 + 2 + 1 + a product.
constexpr int kTileRows = JUANJI_VECTOR_BYTES == 64 ? 8 : JUANJI_VECTOR_BYTES == 32 ? 6 : 4;
constexpr int kTileVectors = 2;
template <class T>
constexpr int kPanel = kTileVectors* kWidth<T>;

constexpr int kRegisters = JUANJI_VECTOR_BYTES == 64 ? 32 : 16;
static_assert(kTileRows * kTileVectors + kTileVectors + 1 <= kRegisters, "the tile must fit in registers");
static_assert(kTileRows * kTileVectors >= 8, "fewer accumulators cannot hide the latency of two FMA units");

}  // namespace juanji::kernels::JUANJI_ISA
