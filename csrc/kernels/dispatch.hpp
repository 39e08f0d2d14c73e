// How a kernel family is declared, compiled once per instruction set, and chosen.
//
// <family>.hpp   declares the contract: a struct template Table<T> of function pointers, then
//                JUANJI_KERNEL_FAMILY(Table, family) behind it.
// <family>.cpp   is compiled once per instruction set; in namespace juanji::kernels::JUANJI_ISA it defines
//                template <class T> Table<T> family() and instantiates it for float and double.
// Elsewhere      kernels::family<T>() is the table of the active instruction set, and
//                kernels::family_of<T>(isa) that of another one (the CPU must support it).
#pragma once

#include "core/isa.hpp"

// clang-format off
#define JUANJI_DECLARE_KERNELS(isa, Table, family) namespace isa { template <class T> Table<T> family(); }

#if JUANJI_X86
#define JUANJI_DECLARE_ALL_KERNELS(Table, family)      \
  JUANJI_DECLARE_KERNELS(baseline, Table, family)      \
  JUANJI_DECLARE_KERNELS(avx2, Table, family)          \
  JUANJI_DECLARE_KERNELS(avx512, Table, family)        \
  template <class T>                                   \
  Table<T> family##_of(Isa isa) {                      \
    switch (isa) {                                     \
      case Isa::avx512: return avx512::family<T>();    \
      case Isa::avx2: return avx2::family<T>();        \
      case Isa::baseline: break;                       \
    }                                                  \
    return baseline::family<T>();                      \
  }
#else
#define JUANJI_DECLARE_ALL_KERNELS(Table, family)      \
  JUANJI_DECLARE_KERNELS(baseline, Table, family)      \
  template <class T>                                   \
  Table<T> family##_of(Isa) {                          \
    return baseline::family<T>();                      \
  }
#endif

#define JUANJI_KERNEL_FAMILY(Table, family)                            \
  JUANJI_DECLARE_ALL_KERNELS(Table, family)                            \
  template <class T>                                                   \
  const Table<T>& family() {                                           \
    static const Table<T> table = family##_of<T>(active_isa());        \
    return table;                                                      \
  }
// clang-format on
