// The loops over k of a whole tile, 3 rows × 4 vectors, in assembly for AVX2: 3 broadcasts of A, 4 loads of B and 12
// multiply-adds, and nothing else but counting, once in 8 (by columns 4) k. Compilers add copies and pointer
// arithmetic, 22 to 24 instructions a k. A core of its own hides them; beside another thread loops of more than three
// instructions a cycle became slower, and 12 multiply-adds take six cycles. ARCHITECTURE.md has the measurements.
//
// Loads are not folded into multiply-adds: eleven loads a k, two of them often in one bank of the L1 cache, take longer
// than the instructions they save.
#pragma once

#include "kernels/matrix_tile.hpp"

#if defined(__x86_64__) && defined(__AVX2__) && JUANJI_VECTOR_BYTES == 32
#define JUANJI_TILE_IN_ASSEMBLY 1
#else
#define JUANJI_TILE_IN_ASSEMBLY 0
#endif

namespace juanji::kernels::JUANJI_ISA {

// Whether these loops serve tiles of this form.
template <int R, int V>
constexpr bool kLoopInAssembly = R == 3 && V == 4 && JUANJI_TILE_IN_ASSEMBLY == 1;

#if JUANJI_TILE_IN_ASSEMBLY

// clang-format off

// The three rows times the vector of B at `b`, for column v of the tile. `s` is s for float and d for double.
#define JUANJI_TILE_VECTOR(s, b, v)                     \
  "vmovup" s " " b ", %%ymm12\n"                        \
  "vfmadd231p" s " %%ymm12, %%ymm13, %[c0" v "]\n"      \
  "vfmadd231p" s " %%ymm12, %%ymm14, %[c1" v "]\n"      \
  "vfmadd231p" s " %%ymm12, %%ymm15, %[c2" v "]\n"

// One k: the addresses of A's three elements, and of B's row as a displacement and a base.
#define JUANJI_TILE_STEP(s, a0, a1, a2, displacement, base)   \
  "vbroadcasts" s " " a0 ", %%ymm13\n"                        \
  "vbroadcasts" s " " a1 ", %%ymm14\n"                        \
  "vbroadcasts" s " " a2 ", %%ymm15\n"                        \
  JUANJI_TILE_VECTOR(s, displacement "+0" base, "0")          \
  JUANJI_TILE_VECTOR(s, displacement "+32" base, "1")         \
  JUANJI_TILE_VECTOR(s, displacement "+64" base, "2")         \
  JUANJI_TILE_VECTOR(s, displacement "+96" base, "3")

#define JUANJI_TILE_SUMS                                                                                              \
  [c00] "+x"(acc[0][0]), [c01] "+x"(acc[0][1]), [c02] "+x"(acc[0][2]), [c03] "+x"(acc[0][3]),                         \
  [c10] "+x"(acc[1][0]), [c11] "+x"(acc[1][1]), [c12] "+x"(acc[1][2]), [c13] "+x"(acc[1][3]),                         \
  [c20] "+x"(acc[2][0]), [c21] "+x"(acc[2][1]), [c22] "+x"(acc[2][2]), [c23] "+x"(acc[2][3])

#define JUANJI_TILE_CLOBBERS "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc"

// By rows: a0, a1 and a2 are the ends of A's rows, rdi counts up to 0 there; b moves along.
#define JUANJI_ROWS_A(row, size, k) size "*" k "(%[" row "],%%rdi," size ")"
#define JUANJI_ROWS_STEP(s, size, k)                                                                         \
  JUANJI_TILE_STEP(s, JUANJI_ROWS_A("a0", size, k), JUANJI_ROWS_A("a1", size, k), JUANJI_ROWS_A("a2", size, k),\
                   "128*" k, "(%[b])")

#define JUANJI_ROWS_LOOP(s, size)                                                                            \
  asm volatile(                                                                                              \
      "  mov %[before], %%rdi\n"                                                                             \
      "  cmp $-8, %%rdi\n"                                                                                   \
      "  jg 2f\n"                                                                                            \
      "  .p2align 5\n"                                                                                       \
      "1:\n"                                                                                                 \
      JUANJI_ROWS_STEP(s, size, "0") JUANJI_ROWS_STEP(s, size, "1")                                          \
      JUANJI_ROWS_STEP(s, size, "2") JUANJI_ROWS_STEP(s, size, "3")                                          \
      JUANJI_ROWS_STEP(s, size, "4") JUANJI_ROWS_STEP(s, size, "5")                                          \
      JUANJI_ROWS_STEP(s, size, "6") JUANJI_ROWS_STEP(s, size, "7")                                          \
      "  add $1024, %[b]\n"                                                                                  \
      "  add $8, %%rdi\n"                                                                                    \
      "  cmp $-8, %%rdi\n"                                                                                   \
      "  jle 1b\n"                                                                                           \
      "2:\n"                                                                                                 \
      "  test %%rdi, %%rdi\n"                                                                                \
      "  jz 4f\n"                                                                                            \
      "3:\n"                                                                                                 \
      JUANJI_ROWS_STEP(s, size, "0")                                                                         \
      "  add $128, %[b]\n"                                                                                   \
      "  inc %%rdi\n"                                                                                        \
      "  jnz 3b\n"                                                                                           \
      "4:\n"                                                                                                 \
      : JUANJI_TILE_SUMS, [b] "+r"(b)                                                                        \
      : [a0] "r"(a0), [a1] "r"(a1), [a2] "r"(a2), [before] "r"(-length)                                      \
      : "rdi", JUANJI_TILE_CLOBBERS)

// By columns: rcx and rdx are at A's and B's rows of a k; the three behind are one, two and three steps away.
#define JUANJI_COLUMNS_STEP(s, size, a, b) JUANJI_TILE_STEP(s, "0" a, size a, "2*" size a, "0", b)

#define JUANJI_COLUMNS_LOOP(s, size)                                                                         \
  asm volatile(                                                                                              \
      "  mov %[a], %%rcx\n"                                                                                  \
      "  mov %[b], %%rdx\n"                                                                                  \
      "  mov %[length], %%rdi\n"                                                                             \
      "  lea (%[a_step],%[a_step],2), %%rax\n"                                                               \
      "  lea (%[b_step],%[b_step],2), %%rsi\n"                                                               \
      "  sub $4, %%rdi\n"                                                                                    \
      "  jb 2f\n"                                                                                            \
      "  .p2align 5\n"                                                                                       \
      "1:\n"                                                                                                 \
      JUANJI_COLUMNS_STEP(s, size, "(%%rcx)", "(%%rdx)")                                                     \
      JUANJI_COLUMNS_STEP(s, size, "(%%rcx,%[a_step])", "(%%rdx,%[b_step])")                                 \
      JUANJI_COLUMNS_STEP(s, size, "(%%rcx,%[a_step],2)", "(%%rdx,%[b_step],2)")                             \
      JUANJI_COLUMNS_STEP(s, size, "(%%rcx,%%rax)", "(%%rdx,%%rsi)")                                         \
      "  lea (%%rcx,%[a_step],4), %%rcx\n"                                                                   \
      "  lea (%%rdx,%[b_step],4), %%rdx\n"                                                                   \
      "  sub $4, %%rdi\n"                                                                                    \
      "  jae 1b\n"                                                                                           \
      "2:\n"                                                                                                 \
      "  add $4, %%rdi\n"                                                                                    \
      "  jz 4f\n"                                                                                            \
      "3:\n"                                                                                                 \
      JUANJI_COLUMNS_STEP(s, size, "(%%rcx)", "(%%rdx)")                                                     \
      "  add %[a_step], %%rcx\n"                                                                             \
      "  add %[b_step], %%rdx\n"                                                                             \
      "  dec %%rdi\n"                                                                                        \
      "  jnz 3b\n"                                                                                           \
      "4:\n"                                                                                                 \
      : JUANJI_TILE_SUMS                                                                                     \
      : [a] "r"(a), [b] "r"(b), [a_step] "r"(a_step), [b_step] "r"(b_step), [length] "r"(length)             \
      : "rax", "rcx", "rdx", "rsi", "rdi", JUANJI_TILE_CLOBBERS)

// clang-format on

// acc[r][v] += a_r[k] * b[k][v] for k = 0 .. length-1, where rows of B are those of a panel.
template <class T>
JUANJI_INLINE void add_rows(const T* a0, const T* a1, const T* a2, const T* b, int64_t length, Vec<T> (&acc)[3][4]) {
  constexpr int64_t kSize = sizeof(T);
  a0 += length;
  a1 += length;
  a2 += length;
  if constexpr (kSize == 4)
    JUANJI_ROWS_LOOP("s", "4");
  else
    JUANJI_ROWS_LOOP("d", "8");
}

// acc[r][v] += a[k * a_step + r] * b[k * b_step][v] for k = 0 .. length-1.
template <class T>
JUANJI_INLINE void add_columns(const T* a, int64_t a_step, const T* b, int64_t b_step, int64_t length,
                               Vec<T> (&acc)[3][4]) {
  constexpr int64_t kSize = sizeof(T);
  a_step *= kSize;
  b_step *= kSize;
  if constexpr (kSize == 4)
    JUANJI_COLUMNS_LOOP("s", "4");
  else
    JUANJI_COLUMNS_LOOP("d", "8");
}

#undef JUANJI_COLUMNS_LOOP
#undef JUANJI_COLUMNS_STEP
#undef JUANJI_ROWS_LOOP
#undef JUANJI_ROWS_STEP
#undef JUANJI_ROWS_A
#undef JUANJI_TILE_CLOBBERS
#undef JUANJI_TILE_SUMS
#undef JUANJI_TILE_STEP
#undef JUANJI_TILE_VECTOR

#endif

}  // namespace juanji::kernels::JUANJI_ISA
