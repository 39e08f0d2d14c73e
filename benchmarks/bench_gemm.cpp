// Matrix products: square ones, the tall and narrow ones that convolutions amount to, and those of dense layers.
#include <benchmark/benchmark.h>

#include "operation_run.hpp"
#include "ops/matmul.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

// Arguments: M, N, K, transpose a, transpose b.
template <class T>
void matmul(benchmark::State& state) {
  const int64_t m = state.range(0);
  const int64_t n = state.range(1);
  const int64_t k = state.range(2);
  Matmul op;
  op.transpose_a = state.range(3) != 0;
  op.transpose_b = state.range(4) != 0;
  const Shape a = op.transpose_a ? Shape{k, m} : Shape{m, k};
  const Shape b = op.transpose_b ? Shape{n, k} : Shape{k, n};
  const double operations = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  OperationRun(op, {{DTypeOf<T>::value, a}, {DTypeOf<T>::value, b}}).repeat_beside_peak<T>(state, operations);
}

void square(benchmark::internal::Benchmark* b) {
  b->ArgNames({"M", "N", "K", "Ta", "Tb"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  b->Args({2048, 2048, 2048, 0, 0});
  for (const int64_t n : {64, 256, 1024}) b->Args({n, n, n, 0, 0});
}

// 64 images of 32 x 32 as rows of an im2col matrix, 3 x 3 kernels over 3 to 32 channels.
void tall(benchmark::internal::Benchmark* b) {
  for (const int64_t k : {27, 144, 288}) {
    for (const int64_t n : {32, 64}) b->Args({65536, n, k, 0, 0});
  }
}

// A dense layer of 2048 -> 512 with batch 64: forward, input gradient, weight gradient; with batch 128, and one image
// alone.
void dense(benchmark::internal::Benchmark* b) {
  b->Args({64, 512, 2048, 0, 0})->Args({64, 2048, 512, 0, 1})->Args({2048, 512, 64, 1, 0});
  b->Args({128, 512, 2048, 0, 0})->Args({1, 512, 2048, 0, 0});
}

// Weight gradients of many rows: A transposed, k deep.
void deep(benchmark::internal::Benchmark* b) { b->Args({256, 256, 4096, 1, 0})->Args({1024, 1024, 1024, 1, 0}); }

BENCHMARK(matmul<float>)->Apply(square)->Apply(tall)->Apply(dense)->Apply(deep);
BENCHMARK(matmul<double>)->Apply(square);

}  // namespace
}  // namespace juanji::benchmarks
