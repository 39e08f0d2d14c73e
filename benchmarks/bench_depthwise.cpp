// Depthwise convolution, three passes: bound by the bandwidth of cache or memory, as long as the loads are few.
#include <benchmark/benchmark.h>

#include "operation_run.hpp"
#include "ops/depthwise.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

// (images, height and width, channels, stride, kernel): a small network of separable blocks on 32×32 images in batches
// of 64, one on 224×224 images one at a time, and shapes that are not round; larger kernels; and pixels that lie
// 4 KiB apart, so that they meet in one set of the first cache, beside those that do not.
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->Unit(benchmark::kMicrosecond)->ArgNames({"n", "size", "c", "stride", "kernel"});
  b->Args({64, 32, 32, 1, 3})->Args({64, 32, 64, 2, 3})->Args({64, 16, 64, 1, 3})->Args({64, 16, 128, 1, 3});
  b->Args({64, 16, 128, 2, 3})->Args({64, 8, 128, 1, 3})->Args({64, 8, 256, 1, 3})->Args({64, 8, 256, 2, 3});
  b->Args({64, 4, 256, 1, 3})->Args({64, 4, 512, 1, 3});
  b->Args({1, 112, 32, 1, 3})->Args({1, 112, 64, 2, 3})->Args({1, 56, 128, 1, 3})->Args({1, 28, 256, 1, 3});
  b->Args({1, 14, 512, 1, 3})->Args({1, 7, 512, 1, 3});
  b->Args({64, 32, 3, 1, 3})->Args({64, 32, 17, 1, 3})->Args({64, 32, 33, 1, 3})->Args({64, 16, 50, 1, 3});
  b->Args({16, 32, 32, 1, 5})->Args({16, 32, 32, 1, 7})->Args({16, 31, 33, 2, 5})->Args({8, 56, 96, 1, 7});
  b->Args({8, 28, 240, 2, 5})->Args({1, 14, 672, 1, 5})->Args({1, 7, 960, 1, 5});
  for (const int64_t kernel : {3, 5, 7}) b->Args({8, 14, 960, 1, kernel})->Args({8, 14, 1024, 1, kernel});
  b->Args({8, 28, 480, 2, 3})->Args({8, 28, 512, 2, 3})->Args({8, 14, 480, 1, 3})->Args({8, 14, 512, 1, 3});
  b->Args({8, 7, 1920, 1, 3})->Args({8, 7, 2048, 1, 3});
}

struct Geometry {
  Window window;
  TensorSpec x, w, y;

  explicit Geometry(const benchmark::State& state) {
    window = {{1, 1}, {state.range(3), state.range(3)}, {1, 1}, {Padding::Mode::same}};
    x = {DType::float32, {state.range(0), state.range(1), state.range(1), state.range(2)}};
    w = {DType::float32, {state.range(4), state.range(4), state.range(2), 1}};
    DepthwiseConv2D op;
    op.window = window;
    y = op.outputs({x, w})[0];
  }
};

// Counts the bytes of x and y, or of their gradients, once.
void run(benchmark::State& state, const Geometry& g, const Operation& op, const std::vector<TensorSpec>& inputs) {
  OperationRun(op, inputs).repeat(state);
  const double products = static_cast<double>(g.y.size() * state.range(4) * state.range(4));
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * products, benchmark::Counter::kIsIterationInvariantRate);
  count_bytes(state, static_cast<double>(g.x.bytes() + g.y.bytes()));
}

void forward(benchmark::State& state) {
  const Geometry g(state);
  DepthwiseConv2D op;
  op.window = g.window;
  run(state, g, op, {g.x, g.w});
}

void input_gradient(benchmark::State& state) {
  const Geometry g(state);
  DepthwiseConv2DInputGradient op;
  op.window = g.window;
  op.height = op.width = state.range(1);
  run(state, g, op, {g.y, g.w});
}

void weight_gradient(benchmark::State& state) {
  const Geometry g(state);
  DepthwiseConv2DWeightGradient op;
  op.window = g.window;
  op.window.kernel[0] = op.window.kernel[1] = state.range(4);
  run(state, g, op, {g.x, g.y});
}

BENCHMARK(forward)->Name("depthwise forward")->Apply(shapes);
BENCHMARK(input_gradient)->Name("depthwise input gradient")->Apply(shapes);
BENCHMARK(weight_gradient)->Name("depthwise weight gradient")->Apply(shapes);

}  // namespace
}  // namespace juanji::benchmarks
