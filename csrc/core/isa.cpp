#include "core/isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace juanji {

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx512: return "avx512";
    case Isa::avx2: return "avx2";
    case Isa::baseline: break;
  }
  return "baseline";
}

#if JUANJI_X86
namespace {

bool supports_avx512() {
#if JUANJI_EMULATE_AVX512
  return true;
#else
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
}

}  // namespace
#endif

std::vector<Isa> supported_isas() {
  std::vector<Isa> isas{Isa::baseline};
#if JUANJI_X86
  // __builtin_cpu_supports also asks the operating system whether it saves the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    isas.push_back(Isa::avx2);
    if (supports_avx512()) isas.push_back(Isa::avx512);
  }
#endif
  return isas;
}

namespace {

Isa choose_isa() {
  const std::vector<Isa> isas = supported_isas();
  const char* forced = std::getenv("JUANJI_ISA");
  if (forced == nullptr || *forced == '\0') return isas.back();

  const std::string name = forced;
  std::string known;
  for (const Isa isa : isas) {
    if (name == isa_name(isa)) return isa;
    known += known.empty() ? isa_name(isa) : std::string(", ") + isa_name(isa);
  }
  const bool exists = name == "avx2" || name == "avx512";
  throw std::invalid_argument(
      std::string("JUANJI_ISA: ") + (exists ? "this CPU cannot run that instruction set" : "unknown instruction set") +
      "; expected one of " + known + ", got JUANJI_ISA=" + name + ". Unset it to let juanji choose.");
}

}  // namespace

Isa active_isa() {
  static const Isa isa = choose_isa();
  return isa;
}

}  // namespace juanji
