// Element-wise operations: bound by the bandwidth of cache or memory.
#include <benchmark/benchmark.h>

#include "operation_run.hpp"
#include "ops/unary.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

TensorSpec vector_of(int64_t n) { return {DType::float32, {n}}; }

template <UnaryKind kind>
void unary(benchmark::State& state) {
  const int64_t n = state.range(0);
  const Unary op(kind);
  OperationRun(op, {vector_of(n)}).repeat(state);
  count_bytes(state, 2.0 * sizeof(float) * static_cast<double>(n));
}

void relu_gradient(benchmark::State& state) {
  const int64_t n = state.range(0);
  const ActivationGradient op(Activation::relu);
  OperationRun(op, {vector_of(n), vector_of(n)}).repeat(state);
  count_bytes(state, 3.0 * sizeof(float) * static_cast<double>(n));
}

void sizes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->Unit(benchmark::kMicrosecond)->Arg(1 << 14)->Arg(1 << 20)->Arg(1 << 25);
}

BENCHMARK(unary<UnaryKind::relu>)->Name("relu")->Apply(sizes);
BENCHMARK(unary<UnaryKind::exp>)->Name("exp")->Apply(sizes);
BENCHMARK(unary<UnaryKind::tanh>)->Name("tanh")->Apply(sizes);
BENCHMARK(relu_gradient)->Apply(sizes);

}  // namespace
}  // namespace juanji::benchmarks
