// Runs kernel tests against every set of kernels that this CPU can execute; -DJUANJI_EMULATE_AVX512=ON adds the 64-byte
// code where the CPU has no AVX-512.
//
//   class Relu : public testing::TestWithParam<KernelSet> {};
//   TEST_P(Relu, KeepsNaN) { const auto kernels = JUANJI_KERNELS(unary, float, GetParam()); ... }
//   INSTANTIATE_TEST_SUITE_P(EverySet, Relu, testing::ValuesIn(kernel_sets()), kernel_set_name);
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/isa.hpp"

namespace juanji {

struct KernelSet {
  std::string name;
  Isa isa;
};

inline std::vector<KernelSet> kernel_sets() {
  std::vector<KernelSet> sets;
  for (const Isa isa : supported_isas()) sets.push_back({isa_name(isa), isa});
  return sets;
}

inline std::string kernel_set_name(const testing::TestParamInfo<KernelSet>& info) { return info.param.name; }
inline void PrintTo(const KernelSet& set, std::ostream* out) { *out << set.name; }

}  // namespace juanji

// The table of `family` for type T in a kernel set.
#define JUANJI_KERNELS(family, T, set) (juanji::kernels::family##_of<T>((set).isa))
