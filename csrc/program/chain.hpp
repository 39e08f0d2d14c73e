// Operations on the samples of a batch, one after the other, a few samples at a time: what one gives to the next stays
// in the cache.
//
// Each operation is run as it is, on tensors of a few samples instead of all, so the bits are those of the operations
// by themselves. They have to be such that a sample of the result depends on the same sample of the inputs alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ops/operation.hpp"

namespace juanji {

// inputs -> the wanted values. Values are numbered: first the inputs, then what each stage gives.
struct Chain : Operation {
  struct Stage {
    const Operation* op;         // borrowed; made for `samples` samples, gives one output
    std::vector<size_t> inputs;  // numbers of values
  };

  std::string title;
  int64_t samples;          // of a block
  std::vector<bool> whole;  // for each input: every block sees all of it, rather than its own samples
  std::vector<Stage> stages;
  std::vector<size_t> wanted;  // numbers of the values that are results

  Chain(std::string t, int64_t s, std::vector<bool> w, std::vector<Stage> st, std::vector<size_t> y)
      : title(std::move(t)),
        samples(s),
        whole(std::move(w)),
        stages(std::move(st)),
        wanted(std::move(y)) {}
  std::string name() const override { return title; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;

 private:
  std::vector<TensorSpec> block_specs(const std::vector<TensorSpec>& inputs) const;
};

}  // namespace juanji
