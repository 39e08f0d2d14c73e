// Which instruction set the kernels run with: chosen once, from CPU features, never from the vendor.
#pragma once

#include <string>
#include <vector>

namespace juanji {

enum class Isa { baseline, avx2, avx512 };

const char* isa_name(Isa isa);

// Every instruction set that was compiled in and that this CPU and operating system can run, slowest first.
std::vector<Isa> supported_isas();

// The one in use: the fastest supported, or what JUANJI_ISA names.
// Throws std::invalid_argument when JUANJI_ISA names an unknown or an unsupported one.
Isa active_isa();

}  // namespace juanji
