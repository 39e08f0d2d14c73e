// Element-wise operations: bound by the bandwidth of cache or memory.
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

#include "operation_run.hpp"
#include "ops/binary.hpp"
#include "ops/reduce.hpp"
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

void add(benchmark::State& state) {
  const int64_t n = state.range(0);
  const Binary op(BinaryKind::add);
  OperationRun(op, {vector_of(n), vector_of(n)}).repeat(state);
  count_bytes(state, 3.0 * sizeof(float) * static_cast<double>(n));
}

// n elements in rows of 256, summed over all, over the columns or over the rows.
void sum(benchmark::State& state, std::vector<int64_t> axes) {
  const int64_t n = state.range(0);
  const Reduce op("sum", std::move(axes), false);
  OperationRun(op, {{DType::float32, {n / 256, 256}}}).repeat(state);
  count_bytes(state, sizeof(float) * static_cast<double>(n));
}

void sizes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->Unit(benchmark::kMicrosecond)->Arg(1 << 14)->Arg(1 << 20)->Arg(1 << 25);
}

BENCHMARK(unary<UnaryKind::relu>)->Name("relu")->Apply(sizes);
BENCHMARK(unary<UnaryKind::exp>)->Name("exp")->Apply(sizes);
BENCHMARK(unary<UnaryKind::tanh>)->Name("tanh")->Apply(sizes);
BENCHMARK(relu_gradient)->Apply(sizes);
BENCHMARK(add)->Apply(sizes);
BENCHMARK_CAPTURE(sum, all, {0, 1})->Apply(sizes);
BENCHMARK_CAPTURE(sum, over_rows, {0})->Apply(sizes);
BENCHMARK_CAPTURE(sum, over_columns, {1})->Apply(sizes);

}  // namespace
}  // namespace juanji::benchmarks
