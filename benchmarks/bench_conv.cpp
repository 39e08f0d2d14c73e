// Convolution, all three passes, on the layers of the article's network and a few others.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "operation_run.hpp"
#include "ops/conv2d.hpp"
#include "ops/packed.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

// Direct convolution, whose percentages are true shares of the peak. With JUANJI_WINOGRAD set to nothing the library
// chooses, and where that is Winograd's method, the percentages are effective ones (see bench_winograd).
[[maybe_unused]] const int direct_unless_told = setenv("JUANJI_WINOGRAD", "0", 0);

struct Layer {
  int64_t images, size, channels, filters, kernel, stride;

  explicit Layer(const benchmark::State& state)
      : images(state.range(0)),
        size(state.range(1)),
        channels(state.range(2)),
        filters(state.range(3)),
        kernel(state.range(4)),
        stride(state.range(5)) {}

  ConvAttributes attributes() const {
    ConvAttributes a;
    for (const int axis : {0, 1}) {
      a.window.kernel[axis] = kernel;
      a.window.stride[axis] = stride;
    }
    a.window.padding.mode = Padding::Mode::same;
    return a;
  }
  int64_t out() const { return (size + stride - 1) / stride; }
  TensorSpec x() const { return {DType::float32, {images, size, size, channels}}; }
  TensorSpec w() const { return {DType::float32, {kernel, kernel, channels, filters}}; }
  TensorSpec b() const { return {DType::float32, {filters}}; }
  TensorSpec y() const { return {DType::float32, {images, out(), out(), filters}}; }
  // Multiplications by padding are counted too, as is usual.
  double operations() const {
    return 2.0 * static_cast<double>(images * out() * out() * filters) *
           static_cast<double>(kernel * kernel * channels);
  }
};

// With bias and ReLU, as a layer calls it.
void forward(benchmark::State& state) {
  const Layer layer(state);
  Conv2D op;
  op.attributes = layer.attributes();
  op.activation = Activation::relu;
  OperationRun(op, {layer.x(), layer.w(), layer.b()}).repeat_beside_peak<float>(state, layer.operations());
}

// With weights packed beforehand, as a recorded prediction calls it.
void forward_packed(benchmark::State& state) {
  const Layer layer(state);
  Conv2DPacked op;
  op.attributes = layer.attributes();
  op.filters = layer.filters;
  op.activation = Activation::relu;
  const TensorSpec packed = PackConv2D().outputs({layer.w()})[0];
  OperationRun(op, {layer.x(), packed, layer.b()}).repeat_beside_peak<float>(state, layer.operations());
}

void input_gradient(benchmark::State& state) {
  const Layer layer(state);
  Conv2DInputGradient op;
  op.attributes = layer.attributes();
  op.height = layer.size;
  op.width = layer.size;
  OperationRun(op, {layer.y(), layer.w()}).repeat_beside_peak<float>(state, layer.operations());
}

void weight_gradient(benchmark::State& state) {
  const Layer layer(state);
  Conv2DWeightGradient op;
  op.attributes = layer.attributes();
  OperationRun(op, {layer.x(), layer.y()}).repeat_beside_peak<float>(state, layer.operations());
}

void layers(benchmark::internal::Benchmark* b) {
  b->ArgNames({"N", "H", "C", "OC", "K", "stride"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  b->Args({64, 32, 3, 32, 3, 1})->Args({64, 16, 32, 64, 3, 1})->Args({64, 8, 64, 128, 3, 1});
  b->Args({64, 16, 64, 64, 1, 1})->Args({64, 16, 64, 128, 3, 2})->Args({8, 56, 64, 64, 3, 1});
  b->Args({64, 32, 32, 64, 1, 1})->Args({64, 8, 256, 256, 1, 1});
}

// One image alone.
void single(benchmark::internal::Benchmark* b) {
  b->ArgNames({"N", "H", "C", "OC", "K", "stride"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  b->Args({1, 32, 3, 32, 3, 1})->Args({1, 16, 32, 64, 3, 1})->Args({1, 8, 64, 128, 3, 1})->Args({1, 7, 512, 512, 3, 1});
}

BENCHMARK(forward)->Apply(layers)->Apply(single);
BENCHMARK(forward_packed)->Apply(single);
BENCHMARK(input_gradient)->Apply(layers);
BENCHMARK(weight_gradient)->Apply(layers);

}  // namespace
}  // namespace juanji::benchmarks
