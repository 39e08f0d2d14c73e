// The loops over k of whole tiles in assembly for AVX2: a broadcast for each row of A, a load for each vector of B, the
// multiply-adds, and nothing else but counting, once in 8 (by columns 4) k. Compilers add copies and pointer
// arithmetic, 22 to 24 instructions a k for a tile of 3 × 4. A core of its own hides them; beside another thread loops
// of more than three instructions a cycle became slower, and 12 multiply-adds take six cycles. ARCHITECTURE.md has the
// measurements.
//
// Loads are not folded into multiply-adds, as compilers do: eleven loads a k, two of them often in one bank of the L1
// cache, take longer than the instructions they save.
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
constexpr bool kLoopInAssembly = JUANJI_TILE_IN_ASSEMBLY == 1 && R == tile_rows(V);

#if JUANJI_TILE_IN_ASSEMBLY

// clang-format off

// The sums of a tile, operands [c00], [c01], ... of the assembly. An assembly has at most 30 operands, and these count
// twice: rows of A are therefore no operands, see JUANJI_ROWS_POINTERS.
#define JUANJI_SUM(r, v) [c##r##v] "+x"(acc[r][v])
#define JUANJI_SUMS1(r) JUANJI_SUM(r, 0)
#define JUANJI_SUMS2(r) JUANJI_SUMS1(r), JUANJI_SUM(r, 1)
#define JUANJI_SUMS3(r) JUANJI_SUMS2(r), JUANJI_SUM(r, 2)
#define JUANJI_SUMS4(r) JUANJI_SUMS3(r), JUANJI_SUM(r, 3)
#define JUANJI_SUMS_3x4 JUANJI_SUMS4(0), JUANJI_SUMS4(1), JUANJI_SUMS4(2)
#define JUANJI_SUMS_4x3 JUANJI_SUMS3(0), JUANJI_SUMS3(1), JUANJI_SUMS3(2), JUANJI_SUMS3(3)
#define JUANJI_SUMS_6x2 JUANJI_SUMS2(0), JUANJI_SUMS2(1), JUANJI_SUMS2(2), JUANJI_SUMS2(3), JUANJI_SUMS2(4), \
                        JUANJI_SUMS2(5)
#define JUANJI_SUMS_8x1 JUANJI_SUMS1(0), JUANJI_SUMS1(1), JUANJI_SUMS1(2), JUANJI_SUMS1(3), JUANJI_SUMS1(4), \
                        JUANJI_SUMS1(5), JUANJI_SUMS1(6), JUANJI_SUMS1(7)

// One k: at(x, r) is the address of A's element in row r, `b` that of B's row without its end, the register in
// brackets. `s` is s for float and d for double. What is fewer, rows or vectors, lies in ymm12 to ymm14, and the
// other passes through ymm15.
#define JUANJI_MULTIPLY(s, held, passing, r, v) "vfmadd231p" s " %%ymm" held ", %%ymm" passing ", %[c" #r #v "]\n"
#define JUANJI_ELEMENT(s, address, to) "vbroadcasts" s " " address ", %%ymm" to "\n"
#define JUANJI_VECTOR(s, address, to) "vmovup" s " " address ", %%ymm" to "\n"

#define JUANJI_COLUMN3(s, address, v) JUANJI_VECTOR(s, address, "15")                                              \
  JUANJI_MULTIPLY(s, "12", "15", 0, v) JUANJI_MULTIPLY(s, "13", "15", 1, v) JUANJI_MULTIPLY(s, "14", "15", 2, v)
#define JUANJI_ROW1(s, address, r) JUANJI_ELEMENT(s, address, "15") JUANJI_MULTIPLY(s, "12", "15", r, 0)
#define JUANJI_ROW2(s, address, r) JUANJI_ROW1(s, address, r) JUANJI_MULTIPLY(s, "13", "15", r, 1)
#define JUANJI_ROW3(s, address, r) JUANJI_ROW2(s, address, r) JUANJI_MULTIPLY(s, "14", "15", r, 2)

#define JUANJI_STEP_3x4(s, at, x, b, base)                                                                         \
  JUANJI_ELEMENT(s, at(x, 0), "12") JUANJI_ELEMENT(s, at(x, 1), "13") JUANJI_ELEMENT(s, at(x, 2), "14")             \
  JUANJI_COLUMN3(s, b "+0" base, 0) JUANJI_COLUMN3(s, b "+32" base, 1)                                              \
  JUANJI_COLUMN3(s, b "+64" base, 2) JUANJI_COLUMN3(s, b "+96" base, 3)
#define JUANJI_STEP_4x3(s, at, x, b, base)                                                                         \
  JUANJI_VECTOR(s, b "+0" base, "12") JUANJI_VECTOR(s, b "+32" base, "13") JUANJI_VECTOR(s, b "+64" base, "14")     \
  JUANJI_ROW3(s, at(x, 0), 0) JUANJI_ROW3(s, at(x, 1), 1) JUANJI_ROW3(s, at(x, 2), 2) JUANJI_ROW3(s, at(x, 3), 3)
#define JUANJI_STEP_6x2(s, at, x, b, base)                                                                         \
  JUANJI_VECTOR(s, b "+0" base, "12") JUANJI_VECTOR(s, b "+32" base, "13")                                          \
  JUANJI_ROW2(s, at(x, 0), 0) JUANJI_ROW2(s, at(x, 1), 1) JUANJI_ROW2(s, at(x, 2), 2)                               \
  JUANJI_ROW2(s, at(x, 3), 3) JUANJI_ROW2(s, at(x, 4), 4) JUANJI_ROW2(s, at(x, 5), 5)
#define JUANJI_STEP_8x1(s, at, x, b, base)                                                                         \
  JUANJI_VECTOR(s, b "+0" base, "12")                                                                               \
  JUANJI_ROW1(s, at(x, 0), 0) JUANJI_ROW1(s, at(x, 1), 1) JUANJI_ROW1(s, at(x, 2), 2) JUANJI_ROW1(s, at(x, 3), 3)   \
  JUANJI_ROW1(s, at(x, 4), 4) JUANJI_ROW1(s, at(x, 5), 5) JUANJI_ROW1(s, at(x, 6), 6) JUANJI_ROW1(s, at(x, 7), 7)

#define JUANJI_TILE_CLOBBERS "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc"

// By rows: r8 to r15 are A's rows, to which `a` points, rdi counts from `begin` to `end`; b moves along.
#define JUANJI_ROW_0 "%%r8"
#define JUANJI_ROW_1 "%%r9"
#define JUANJI_ROW_2 "%%r10"
#define JUANJI_ROW_3 "%%r11"
#define JUANJI_ROW_4 "%%r12"
#define JUANJI_ROW_5 "%%r13"
#define JUANJI_ROW_6 "%%r14"
#define JUANJI_ROW_7 "%%r15"
#define JUANJI_ROWS_POINTER(r) "  mov 8*" #r "(%[a]), " JUANJI_ROW_##r "\n"
#define JUANJI_ROWS_POINTERS_3x4 JUANJI_ROWS_POINTER(0) JUANJI_ROWS_POINTER(1) JUANJI_ROWS_POINTER(2)
#define JUANJI_ROWS_POINTERS_4x3 JUANJI_ROWS_POINTERS_3x4 JUANJI_ROWS_POINTER(3)
#define JUANJI_ROWS_POINTERS_6x2 JUANJI_ROWS_POINTERS_4x3 JUANJI_ROWS_POINTER(4) JUANJI_ROWS_POINTER(5)
#define JUANJI_ROWS_POINTERS_8x1 JUANJI_ROWS_POINTERS_6x2 JUANJI_ROWS_POINTER(6) JUANJI_ROWS_POINTER(7)
#define JUANJI_ROWS_REGISTERS_3x4 "r8", "r9", "r10"
#define JUANJI_ROWS_REGISTERS_4x3 JUANJI_ROWS_REGISTERS_3x4, "r11"
#define JUANJI_ROWS_REGISTERS_6x2 JUANJI_ROWS_REGISTERS_4x3, "r12", "r13"
#define JUANJI_ROWS_REGISTERS_8x1 JUANJI_ROWS_REGISTERS_6x2, "r14", "r15"

#define JUANJI_ROWS_FLOAT(k, r) "4*" k "(" JUANJI_ROW_##r ",%%rdi,4)"
#define JUANJI_ROWS_DOUBLE(k, r) "8*" k "(" JUANJI_ROW_##r ",%%rdi,8)"
#define JUANJI_ROWS_STEP(form, s, at, k) JUANJI_STEP_##form(s, at, k, "128*" k, "(%[b])")

#define JUANJI_ROWS_LOOP(form, s, at)                                                                        \
  asm volatile(                                                                                              \
      JUANJI_ROWS_POINTERS_##form                                                                            \
      "  mov %[begin], %%rdi\n"                                                                              \
      "  lea -8(%[end]), %%rsi\n"                                                                            \
      "  cmp %%rsi, %%rdi\n"                                                                                 \
      "  jg 2f\n"                                                                                            \
      "  .p2align 5\n"                                                                                       \
      "1:\n"                                                                                                 \
      JUANJI_ROWS_STEP(form, s, at, "0") JUANJI_ROWS_STEP(form, s, at, "1")                                  \
      JUANJI_ROWS_STEP(form, s, at, "2") JUANJI_ROWS_STEP(form, s, at, "3")                                  \
      JUANJI_ROWS_STEP(form, s, at, "4") JUANJI_ROWS_STEP(form, s, at, "5")                                  \
      JUANJI_ROWS_STEP(form, s, at, "6") JUANJI_ROWS_STEP(form, s, at, "7")                                  \
      "  add $1024, %[b]\n"                                                                                  \
      "  add $8, %%rdi\n"                                                                                    \
      "  cmp %%rsi, %%rdi\n"                                                                                 \
      "  jle 1b\n"                                                                                           \
      "2:\n"                                                                                                 \
      "  cmp %[end], %%rdi\n"                                                                                \
      "  jge 4f\n"                                                                                           \
      "3:\n"                                                                                                 \
      JUANJI_ROWS_STEP(form, s, at, "0")                                                                     \
      "  add $128, %[b]\n"                                                                                   \
      "  inc %%rdi\n"                                                                                        \
      "  cmp %[end], %%rdi\n"                                                                                \
      "  jl 3b\n"                                                                                            \
      "4:\n"                                                                                                 \
      : JUANJI_SUMS_##form, [b] "+r"(b)                                                                      \
      : [a] "r"(a), [begin] "r"(begin), [end] "r"(begin + length)                                            \
      : "rdi", "rsi", JUANJI_ROWS_REGISTERS_##form, JUANJI_TILE_CLOBBERS)

// By columns: rcx and rdx are at A's and B's rows of a k; the three behind are one, two and three steps away.
#define JUANJI_COLUMNS_FLOAT(k, r) "4*" #r k
#define JUANJI_COLUMNS_DOUBLE(k, r) "8*" #r k
#define JUANJI_COLUMNS_STEP(form, s, at, a, b) JUANJI_STEP_##form(s, at, a, "0", b)

#define JUANJI_COLUMNS_LOOP(form, s, at)                                                                     \
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
      JUANJI_COLUMNS_STEP(form, s, at, "(%%rcx)", "(%%rdx)")                                                 \
      JUANJI_COLUMNS_STEP(form, s, at, "(%%rcx,%[a_step])", "(%%rdx,%[b_step])")                             \
      JUANJI_COLUMNS_STEP(form, s, at, "(%%rcx,%[a_step],2)", "(%%rdx,%[b_step],2)")                         \
      JUANJI_COLUMNS_STEP(form, s, at, "(%%rcx,%%rax)", "(%%rdx,%%rsi)")                                     \
      "  lea (%%rcx,%[a_step],4), %%rcx\n"                                                                   \
      "  lea (%%rdx,%[b_step],4), %%rdx\n"                                                                   \
      "  sub $4, %%rdi\n"                                                                                    \
      "  jae 1b\n"                                                                                           \
      "2:\n"                                                                                                 \
      "  add $4, %%rdi\n"                                                                                    \
      "  jz 4f\n"                                                                                            \
      "3:\n"                                                                                                 \
      JUANJI_COLUMNS_STEP(form, s, at, "(%%rcx)", "(%%rdx)")                                                 \
      "  add %[a_step], %%rcx\n"                                                                             \
      "  add %[b_step], %%rdx\n"                                                                             \
      "  dec %%rdi\n"                                                                                        \
      "  jnz 3b\n"                                                                                           \
      "4:\n"                                                                                                 \
      : JUANJI_SUMS_##form                                                                                   \
      : [a] "r"(a), [b] "r"(b), [a_step] "r"(a_step), [b_step] "r"(b_step), [length] "r"(length)             \
      : "rax", "rcx", "rdx", "rsi", "rdi", JUANJI_TILE_CLOBBERS)

// clang-format on

// The loop of the form that tile_rows() gives for V vectors.
#define JUANJI_LOOP_OF_FORM(loop, ...) \
  if constexpr (V == 4) {              \
    static_assert(R == 3);             \
    loop(3x4, __VA_ARGS__);            \
  } else if constexpr (V == 3) {       \
    static_assert(R == 4);             \
    loop(4x3, __VA_ARGS__);            \
  } else if constexpr (V == 2) {       \
    static_assert(R == 6);             \
    loop(6x2, __VA_ARGS__);            \
  } else {                             \
    static_assert(V == 1 && R == 8);   \
    loop(8x1, __VA_ARGS__);            \
  }

// acc[r][v] += a[r][begin + k] * b[k][v] for k = 0 .. length-1, where rows of B are those of a panel.
template <class T, int R, int V>
JUANJI_INLINE void add_rows(const T* const* a, int64_t begin, const T* b, int64_t length, Vec<T> (&acc)[R][V]) {
  if constexpr (sizeof(T) == 4) {
    JUANJI_LOOP_OF_FORM(JUANJI_ROWS_LOOP, "s", JUANJI_ROWS_FLOAT)
  } else {
    JUANJI_LOOP_OF_FORM(JUANJI_ROWS_LOOP, "d", JUANJI_ROWS_DOUBLE)
  }
}

// acc[r][v] += a[k * a_step + r] * b[k * b_step][v] for k = 0 .. length-1.
template <class T, int R, int V>
JUANJI_INLINE void add_columns(const T* a, int64_t a_step, const T* b, int64_t b_step, int64_t length,
                               Vec<T> (&acc)[R][V]) {
  a_step *= static_cast<int64_t>(sizeof(T));
  b_step *= static_cast<int64_t>(sizeof(T));
  if constexpr (sizeof(T) == 4) {
    JUANJI_LOOP_OF_FORM(JUANJI_COLUMNS_LOOP, "s", JUANJI_COLUMNS_FLOAT)
  } else {
    JUANJI_LOOP_OF_FORM(JUANJI_COLUMNS_LOOP, "d", JUANJI_COLUMNS_DOUBLE)
  }
}

#endif

}  // namespace juanji::kernels::JUANJI_ISA
