#include "kernels/rows.hpp"

#include "simd/vec.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// The compiler vectorises a conversion loop as well as intrinsics would.
template <class X, class T>
void convert(const X* x, T* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<T>(x[i]);
}

}  // namespace

template <class T>
RowsTable<T> rows() {
  return {&convert<uint8_t, T>, &convert<bool, T>,  &convert<int32_t, T>,
          &convert<int64_t, T>, &convert<float, T>, &convert<double, T>};
}

template RowsTable<float> rows<float>();
template RowsTable<double> rows<double>();

}  // namespace juanji::kernels::JUANJI_ISA
