// Operations that move elements: bound by memory, or by the steps of a walk.
#include <benchmark/benchmark.h>

#include <vector>

#include "operation_run.hpp"
#include "ops/copy.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

constexpr int64_t N = 64, H = 32, W = 32, C = 32;  // 8 MiB of float32
const TensorSpec kImages{DType::float32, {N, H, W, C}};

void copy(benchmark::State& state, const Shape& shape, const std::vector<int64_t>& strides, int64_t offset) {
  const StridedCopy op(shape, strides, offset);
  OperationRun(op, {kImages}).repeat(state);
  count_bytes(state, 2.0 * static_cast<double>(TensorSpec{DType::float32, shape}.bytes()));
}

void pad(benchmark::State& state) {
  const Pad op({{0, 0}, {1, 1}, {1, 1}, {0, 0}}, 0.0);
  OperationRun(op, {kImages}).repeat(state);
  const double to = static_cast<double>(N * (H + 2) * (W + 2) * C * 4);
  count_bytes(state, static_cast<double>(kImages.bytes()) + to);
}

void concatenate(benchmark::State& state) {
  const Concatenate op(3);
  OperationRun(op, {kImages, kImages}).repeat(state);
  count_bytes(state, 4.0 * static_cast<double>(kImages.bytes()));
}

void as_usual(benchmark::internal::Benchmark* b) { b->UseRealTime()->Unit(benchmark::kMicrosecond); }

BENCHMARK_CAPTURE(copy, all, {N * H * W * C}, {1}, 0)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, channels_first, {N, C, H, W}, {H * W * C, 1, W* C, C}, 0)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, height_and_width, {N, W, H, C}, {H * W * C, C, W* C, 1}, 0)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, matrix, {H * W, N* C}, {1, H* W}, 0)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, mirrored, {N * H, W, C}, {W * C, -C, 1}, (W - 1) * C)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, inside, {N, H - 2, W - 2, C}, {H * W * C, W* C, C, 1}, (W + 1) * C)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, every_second, {N, H / 2, W / 2, C}, {H * W * C, 2 * W* C, 2 * C, 1}, 0)->Apply(as_usual);
BENCHMARK_CAPTURE(copy, spread, {N, H, W, C}, {C, 0, 0, 1}, 0)->Apply(as_usual);
BENCHMARK(pad)->Apply(as_usual);
BENCHMARK(concatenate)->Apply(as_usual);

}  // namespace
}  // namespace juanji::benchmarks
