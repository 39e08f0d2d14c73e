// Element-wise operations: bound by cache or memory bandwidth.
#include <benchmark/benchmark.h>

#include <vector>

#include "ops/unary.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

void relu(benchmark::State& state) {
  const int64_t n = state.range(0);
  std::vector<float> x(static_cast<size_t>(n), 1.0f);
  std::vector<float> y(static_cast<size_t>(n));
  const TensorSpec spec{DType::float32, {n}};
  const Unary op(UnaryKind::relu);
  for (auto _ : state) op.run({{spec, x.data()}}, {{spec, y.data()}}, nullptr);
  count_bytes(state, 2.0 * static_cast<double>(n) * sizeof(float));
}
BENCHMARK(relu)->Arg(1 << 14)->Arg(1 << 20)->Arg(1 << 25)->UseRealTime();

}  // namespace
}  // namespace juanji::benchmarks
