// The ways in which a matrix product is carried out; gemm() chooses among them.
#pragma once

#include <cstdint>

#include "ops/cut.hpp"
#include "ops/gemm.hpp"

namespace juanji {

constexpr double kGemmFlopPerNanosecond = 40;

// Blocks of C in the block products below: their number tells whether there is work for several threads.
template <class T>
int64_t block_count(const Gemm<T>& g);

// Length of a block of k there.
template <class T>
int64_t depth_block(const Gemm<T>& g);

// Any product: blocks of C as tasks, packed panels of B.
template <class T>
void multiply_blocks(const Gemm<T>& g);

// Aᵀ·B with a deep k.
template <class T>
void multiply_transposed(const Gemm<T>& g);

// At most kernels::kStreamRows rows of A: B is read once where it is.
template <class T>
void multiply_streamed(const Gemm<T>& g);

// c = act(the sum of `count` matrices (m, n) in their order).
template <class T>
void add_pieces(const Gemm<T>& g, const T* pieces, int64_t count);

// The activation on a row of C.
template <class T>
void activate_row(const Gemm<T>& g, T* row);

}  // namespace juanji
