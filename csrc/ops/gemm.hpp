// Matrix product on raw memory: blocking, packing and threads around the register-tiled kernel.
#pragma once

#include <cstdint>

#include "kernels/activation.hpp"

namespace juanji {

// C = op(A) · op(B) (+ bias) (then an activation); op(A) is (m, k), op(B) is (k, n), C is (m, n), each row-major with
// its own row step. A transposed operand is stored the other way round: A as (k, m), B as (n, k).
template <class T>
struct Gemm {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  const T* a = nullptr;
  int64_t a_step = 0;
  bool a_transposed = false;
  const T* b = nullptr;
  int64_t b_step = 0;
  bool b_transposed = false;
  const T* packed_b = nullptr;  // op(B) as pack_right left it; b is not read then
  int64_t depth_block = 0;      // k of one packed block; 0: as pack_right chooses
  T* c = nullptr;
  int64_t c_step = 0;
  const T* bias = nullptr;                   // (n), added to every row; not with a_transposed
  Activation activation = Activation::none;  // not with a_transposed
};

// Same bits at any thread count: the cut into blocks depends on m, n and k alone. Scratch comes from the buffer pool.
template <class T>
void gemm(const Gemm<T>& g);

// Whether Aᵀ·B is better made by transposing A first.
bool pays_to_transpose(int64_t m, int64_t n, int64_t k);

// op(B) in the order in which gemm reads it, for products that share it: reads n, k and what concerns b. The order
// belongs to the instruction set in use.
template <class T>
int64_t packed_size(int64_t k, int64_t n);  // elements
template <class T>
void pack_right(const Gemm<T>& g, T* packed);

}  // namespace juanji
