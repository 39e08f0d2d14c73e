// One optimizer step of all variables: bound by the bandwidth of cache or memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "core/buffer_pool.hpp"
#include "ops/random.hpp"
#include "ops/update.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

// The variables of the network that the README trains: 1.15 million elements.
const std::vector<Shape> kNetwork = {{3, 3, 3, 32}, {32},        {3, 3, 32, 64}, {64},      {3, 3, 64, 128},
                                     {128},         {2048, 512}, {512},          {512, 10}, {10}};
const std::vector<Shape> kOneLarge = {{1 << 24}};

// Parameters and gradients of 0.01, state of 0, learning rate 0.001, step 10: nothing overflows or becomes denormal.
class Step {
 public:
  Step(const Update& op, const std::vector<Shape>& shapes, size_t states, const std::vector<double>& scalars)
      : op_(op) {
    for (size_t array = 0; array < 2 + states; ++array) {
      for (const Shape& shape : shapes) add({DType::float32, shape}, array < 2 ? 0.01f : 0.0f);
    }
    TensorSpec spec{DType::float64, {static_cast<int64_t>(scalars.size())}};
    buffers_.emplace_back(spec.bytes());
    std::copy(scalars.begin(), scalars.end(), buffers_.back().as<double>());
    inputs_.push_back({spec, buffers_.back().data()});
  }

  void operator()() const { op_.run(inputs_, {}, nullptr); }
  double elements(size_t states) const { return elements_ / static_cast<double>(2 + states); }

 private:
  void add(const TensorSpec& spec, float value) {
    buffers_.emplace_back(spec.bytes());
    std::fill_n(buffers_.back().as<float>(), spec.size(), value);
    inputs_.push_back({spec, buffers_.back().data()});
    elements_ += static_cast<double>(spec.size());
  }

  const Update& op_;
  std::vector<Buffer> buffers_;
  std::vector<Tensor> inputs_;
  double elements_ = 0;
};

void repeat(benchmark::State& state, const Update& op, const std::vector<double>& scalars, size_t states) {
  const Step step(op, state.range(0) == 0 ? kNetwork : kOneLarge, states, scalars);
  step();
  for (auto _ : state) step();
  // Parameters and state are read and written, gradients read.
  const double arrays = static_cast<double>(3 + 2 * states);
  const double held = static_cast<double>(2 + states) * sizeof(float) * step.elements(states);
  count_bytes(state, arrays * sizeof(float) * step.elements(states), held);
}

void sgd(benchmark::State& state) { repeat(state, SgdUpdate(0.0, false), {0.001}, 0); }
void sgd_nesterov(benchmark::State& state) { repeat(state, SgdUpdate(0.9, true), {0.001}, 1); }
void rmsprop(benchmark::State& state) { repeat(state, RmspropUpdate(0.9, 0.0, 1e-7, false), {0.001}, 1); }
void adam(benchmark::State& state) { repeat(state, AdamUpdate(0.9, 0.999, 1e-7, false), {0.001, 10}, 2); }

void settings(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->Unit(benchmark::kMicrosecond)->ArgName("large")->Arg(0)->Arg(1);
}

BENCHMARK(sgd)->Apply(settings);
BENCHMARK(sgd_nesterov)->Apply(settings);
BENCHMARK(rmsprop)->Apply(settings);
BENCHMARK(adam)->Apply(settings);

// The alternative to making a dropout mask again: reading it back, one byte an element, costs the bandwidth of a byte.
void dropout(benchmark::State& state) {
  const TensorSpec spec{DType::float32, {int64_t{64} * 512}};
  const Buffer x(spec.bytes()), y(spec.bytes()), key(2 * sizeof(int64_t));
  std::fill_n(x.as<float>(), spec.size(), 1.0f);
  std::fill_n(key.as<int64_t>(), 2, int64_t{1});
  const Dropout op(0.5);
  for (auto _ : state) {
    op.run({{spec, x.data()}, {{DType::int64, {2}}, key.data()}}, {{spec, y.data()}}, nullptr);
  }
  count_bytes(state, 2.0 * static_cast<double>(spec.bytes()));
}
BENCHMARK(dropout)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace juanji::benchmarks
