// The ways in which a matrix product is carried out; gemm() chooses among them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/gemm.hpp"

namespace juanji {

constexpr double kGemmFlopPerNanosecond = 40;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A cut of [0, total) into `count` nearly equal blocks of a multiple of `unit`.
struct Cut {
  int64_t total;
  int64_t size;
  int64_t count;

  Cut(int64_t total_, int64_t largest, int64_t unit) : total(total_) {
    const int64_t blocks = std::max<int64_t>(1, ceil_div(total, std::max(unit, largest / unit * unit)));
    size = std::max<int64_t>(unit, ceil_div(ceil_div(total, blocks), unit) * unit);
    count = std::max<int64_t>(1, ceil_div(total, size));
  }
  int64_t begin(int64_t i) const { return i * size; }
  int64_t length(int64_t i) const { return std::min(size, total - i * size); }
};

// Blocks of C in the block products below: their number tells whether there is work for several threads.
template <class T>
int64_t block_count(const Gemm<T>& g);

// Length of a block of k there.
template <class T>
int64_t depth_block(const Gemm<T>& g);

// Any product: blocks of C as tasks, packed panels of B.
template <class T>
void multiply_blocks(const Gemm<T>& g);

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
