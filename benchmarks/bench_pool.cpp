// Pooling: bound by the bandwidth of cache or memory.
#include <benchmark/benchmark.h>

#include "operation_run.hpp"
#include "ops/bias_gradient.hpp"
#include "ops/pool.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

// Batches of 64 as the article's network pools them: (size, channels).
void images(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->Unit(benchmark::kMicrosecond)->Args({32, 32})->Args({16, 64})->Args({8, 128});
}

PoolWindow window(int64_t size, int64_t stride) {
  return {{{size, size}, {stride, stride}, {1, 1}, {Padding::Mode::same}}, false, false};
}

TensorSpec input(const benchmark::State& state) {
  return {DType::float32, {64, state.range(0), state.range(0), state.range(1)}};
}

// Counts every byte of the inputs and outputs once.
void run(benchmark::State& state, const Operation& op, const std::vector<TensorSpec>& inputs) {
  size_t bytes = 0;
  for (const TensorSpec& spec : inputs) bytes += spec.bytes();
  for (const TensorSpec& spec : op.outputs(inputs)) bytes += spec.bytes();
  OperationRun(op, inputs).repeat(state);
  count_bytes(state, static_cast<double>(bytes));
}

template <int size, bool argmax>
void max_pool(benchmark::State& state) {
  run(state, MaxPool(window(size, 2), argmax), {input(state)});
}

template <int size>
void max_pool_gradient(benchmark::State& state) {
  const std::vector<TensorSpec> pooled = MaxPool(window(size, 2), true).outputs({input(state)});
  run(state, MaxPoolGradient(window(size, 2), {state.range(0), state.range(0)}), pooled);
}

// What a convolution with bias and relu needs behind its pooling: in one pass, and as the two operations it stands for.
void max_pool_bias_gradient(benchmark::State& state) {
  const std::vector<TensorSpec> pooled = MaxPool(window(2, 2), true).outputs({input(state)});
  run(state, MaxPoolBiasGradient(window(2, 2), {state.range(0), state.range(0)}), {pooled[0], pooled[1], pooled[0]});
}

void relu_bias_gradient(benchmark::State& state) {
  BiasActivationGradient op;
  op.activation = Activation::relu;
  run(state, op, {input(state), input(state)});
}

template <int size>
void average_pool(benchmark::State& state) {
  run(state, AveragePool(window(size, 2)), {input(state)});
}

template <int size>
void average_pool_gradient(benchmark::State& state) {
  const std::vector<TensorSpec> pooled = AveragePool(window(size, 2)).outputs({input(state)});
  run(state, AveragePoolGradient(window(size, 2), {state.range(0), state.range(0)}), pooled);
}

BENCHMARK(max_pool<2, false>)->Name("max_pool 2x2/2")->Apply(images);
BENCHMARK(max_pool<2, true>)->Name("max_pool 2x2/2 with argmax")->Apply(images);
BENCHMARK(max_pool_gradient<2>)->Name("max_pool_gradient 2x2/2")->Apply(images);
BENCHMARK(max_pool<3, false>)->Name("max_pool 3x3/2")->Apply(images);
BENCHMARK(max_pool_gradient<3>)->Name("max_pool_gradient 3x3/2")->Apply(images);
BENCHMARK(max_pool_bias_gradient)->Name("max_pool_bias_gradient 2x2/2 with relu")->Apply(images);
BENCHMARK(relu_bias_gradient)->Name("bias_activation_gradient with relu")->Apply(images);
BENCHMARK(average_pool<2>)->Name("average_pool 2x2/2")->Apply(images);
BENCHMARK(average_pool_gradient<2>)->Name("average_pool_gradient 2x2/2")->Apply(images);

}  // namespace
}  // namespace juanji::benchmarks
