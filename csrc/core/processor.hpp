// What is asked of the processor outside the kernels: a pause while spinning, and the mode of floating-point
// arithmetic. The compiler's builtins, since this is no vector code and core knows nothing of simd.
#pragma once

namespace juanji {

inline void spin_pause() {
#if JUANJI_X86
  __builtin_ia32_pause();
#endif
}

// The bits of this thread's floating-point mode that flush denormals to zero; no bits where there is no such mode.
#if JUANJI_X86
constexpr unsigned kFlushDenormals = 0x8040u;  // MXCSR: flush-to-zero and denormals-are-zero
inline unsigned float_mode() { return __builtin_ia32_stmxcsr(); }
inline void set_float_mode(unsigned mode) { __builtin_ia32_ldmxcsr(mode); }
#else
constexpr unsigned kFlushDenormals = 0;
inline unsigned float_mode() { return 0; }
inline void set_float_mode(unsigned) {}
#endif

}  // namespace juanji
