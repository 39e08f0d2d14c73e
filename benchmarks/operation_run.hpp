// An operation with arrays of its own, ready to be run again and again.
#pragma once

#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "ops/operation.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {

// Floating-point inputs are random, small and of mean zero, so that nothing overflows or becomes denormal. Others are
// zero.
class OperationRun {
 public:
  OperationRun(const Operation& op, const std::vector<TensorSpec>& inputs) : op_(op), workspace_(op.workspace(inputs)) {
    std::minstd_rand engine(1);
    for (const TensorSpec& spec : inputs) {
      Tensor tensor = allocate(spec);
      inputs_.push_back(tensor);
      if (!is_float(spec.dtype)) {
        std::memset(tensor.data, 0, spec.bytes());
        continue;
      }
      dispatch_float(spec.dtype, [&](auto zero) {
        using T = decltype(zero);
        std::uniform_real_distribution<T> uniform(T(-0.5), T(0.5));
        for (int64_t i = 0; i < spec.size(); ++i) tensor.as<T>()[i] = uniform(engine);
      });
    }
    for (const TensorSpec& spec : op.outputs(inputs)) outputs_.push_back(allocate(spec));
  }

  void operator()() const {
    const DenormalGuard guard;
    op_.run(inputs_, outputs_, workspace_.data());
  }

  // For operations bound by arithmetic: in turns with the peak loop of type T.
  template <class T>
  void repeat_beside_peak(benchmark::State& state, double operations) const {
    run_beside_peak<T>(state, operations, *this);
  }

  void repeat(benchmark::State& state) const {
    (*this)();
    for (auto _ : state) (*this)();
  }

 private:
  Tensor allocate(const TensorSpec& spec) {
    buffers_.emplace_back(spec.bytes());
    return {spec, buffers_.back().data()};
  }

  const Operation& op_;
  Buffer workspace_;
  std::vector<Buffer> buffers_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
};

}  // namespace juanji::benchmarks
