// How a kernel family is declared, compiled once per instruction set, and chosen.
//
// <family>.hpp   declares the contract: a struct template Table<T> of function pointers, then
//                JUANJI_KERNEL_FAMILY(Table, family) behind it.
// <family>.cpp   is compiled once per instruction set; in namespace juanji::kernels::JUANJI_ISA it defines
//                template <class T> Table<T> family() and instantiates it for float and double.
// Elsewhere      kernels::family<T>() is the table of the active instruction set.
#pragma once

#include "core/isa.hpp"

#if JUANJI_X86
#define JUANJI_KERNEL_FAMILY(Table, family)                                                                   \
  namespace baseline { template <class T> Table<T> family(); }                                                \
  namespace avx2 { template <class T> Table<T> family(); }                                                    \
  namespace avx512 { template <class T> Table<T> family(); }                                                  \
  template <class T>                                                                                          \
  const Table<T>& family() {                                                                                  \
    static const Table<T> table = active_isa() == Isa::avx512 ? avx512::family<T>()                           \
                                  : active_isa() == Isa::avx2 ? avx2::family<T>()                             \
                                                              : baseline::family<T>();                        \
    return table;                                                                                             \
  }
#else
#define JUANJI_KERNEL_FAMILY(Table, family)                       \
  namespace baseline { template <class T> Table<T> family(); }    \
  template <class T>                                              \
  const Table<T>& family() {                                      \
    static const Table<T> table = baseline::family<T>();          \
    return table;                                                 \
  }
#endif
