// Runs kernel tests with every instruction set that this CPU can execute; -DJUANJI_EMULATE_AVX512=ON adds the 64-byte
// code where the CPU has no AVX-512.
//
//   class Relu : public testing::TestWithParam<Isa> {};
//   TEST_P(Relu, KeepsNaN) { const auto kernels = kernels::unary_of<float>(GetParam()); ... }
//   INSTANTIATE_TEST_SUITE_P(EverySet, Relu, testing::ValuesIn(supported_isas()), isa_test_name);
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/isa.hpp"

namespace juanji {

inline std::string isa_test_name(const testing::TestParamInfo<Isa>& info) { return isa_name(info.param); }
inline void PrintTo(Isa isa, std::ostream* out) { *out << isa_name(isa); }

}  // namespace juanji
