// Batch normalisation, bound by the bandwidth of cache or memory: bytes are those that the passes read and write.
#include <benchmark/benchmark.h>

#include <utility>

#include "operation_run.hpp"
#include "ops/batch_norm.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

double bytes_of(const TensorSpec& x) { return static_cast<double>(x.bytes()); }

// An activation of ResNet-20, batch 128, and others of odd and large numbers of channels.
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->Unit(benchmark::kMicrosecond)->ArgNames({"rows", "channels"});
  for (const auto& shape : {std::pair<int64_t, int64_t>{8 * 32 * 32, 16},
                            {128 * 32 * 32, 16},
                            {128 * 8 * 8, 64},
                            {128 * 16 * 16, 33},
                            {64 * 8 * 8, 512},
                            {128 * 32 * 32, 3}}) {
    b->Args({shape.first, shape.second});
  }
}

TensorSpec image(const benchmark::State& state) { return {DType::float32, {state.range(0), state.range(1)}}; }
TensorSpec vector(const benchmark::State& state) { return {DType::float32, {state.range(1)}}; }

template <Activation activation>
void forward(benchmark::State& state) {
  const TensorSpec x = image(state), c = vector(state);
  const BatchNorm op(1e-3, activation);
  OperationRun(op, {x, c, c}).repeat(state);
  count_bytes(state, 3 * bytes_of(x), 2 * bytes_of(x));
}

void forward_residual(benchmark::State& state) {
  const TensorSpec x = image(state), c = vector(state);
  const BatchNorm op(1e-3, Activation::relu);
  OperationRun(op, {x, c, c, x}).repeat(state);
  count_bytes(state, 4 * bytes_of(x), 3 * bytes_of(x));
}

void gradient(benchmark::State& state) {
  const TensorSpec x = image(state), c = vector(state);
  const BatchNormGradient op(1e-3, Activation::none, false, false);
  OperationRun(op, {x, x, c, c, c}).repeat(state);
  count_bytes(state, 5 * bytes_of(x), 3 * bytes_of(x));
}

void gradient_relu(benchmark::State& state) {
  const TensorSpec x = image(state), c = vector(state);
  const BatchNormGradient op(1e-3, Activation::relu, false, true);
  OperationRun(op, {x, x, c, c, c, c}).repeat(state);
  count_bytes(state, 5 * bytes_of(x), 3 * bytes_of(x));
}

void gradient_residual(benchmark::State& state) {
  const TensorSpec x = image(state), c = vector(state);
  const BatchNormGradient op(1e-3, Activation::relu, true, false);
  OperationRun(op, {x, x, x, c, c, c}).repeat(state);
  count_bytes(state, 7 * bytes_of(x), 5 * bytes_of(x));
}

void scale_shift(benchmark::State& state) {
  const TensorSpec x = image(state), c = vector(state);
  const ScaleShift op(Activation::relu);
  OperationRun(op, {x, c, c}).repeat(state);
  count_bytes(state, 2 * bytes_of(x));
}

BENCHMARK(forward<Activation::none>)->Name("batch_norm")->Apply(shapes);
BENCHMARK(forward<Activation::relu>)->Name("batch_norm_relu")->Apply(shapes);
BENCHMARK(forward_residual)->Name("batch_norm_residual_relu")->Apply(shapes);
BENCHMARK(gradient)->Name("batch_norm_gradient")->Apply(shapes);
BENCHMARK(gradient_relu)->Name("batch_norm_relu_gradient")->Apply(shapes);
BENCHMARK(gradient_residual)->Name("batch_norm_residual_relu_gradient")->Apply(shapes);
BENCHMARK(scale_shift)->Apply(shapes);

}  // namespace
}  // namespace juanji::benchmarks
