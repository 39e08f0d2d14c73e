#include "program/chain.hpp"

#include <algorithm>

#include "core/buffer_pool.hpp"
#include "core/check.hpp"
#include "core/parallel.hpp"
#include "program/lifetimes.hpp"

namespace juanji {
namespace {

constexpr double kCostPerByte = 0.2;  // nanoseconds, for each value of a block

// Where the values of a block lie: with an input or output, or in scratch memory of the task.
struct Places {
  std::vector<const Tensor*> outside;  // by value; nullptr for scratch
  std::vector<size_t> offset;
  std::vector<size_t> workspace;  // by stage
  size_t bytes = 0;
};

Places place(const Chain& chain, const std::vector<TensorSpec>& specs, const std::vector<Tensor>& inputs,
             const std::vector<Tensor>& outputs) {
  Places places{std::vector<const Tensor*>(specs.size()), std::vector<size_t>(specs.size()), {}, 0};
  for (size_t i = 0; i < inputs.size(); ++i) places.outside[i] = &inputs[i];
  for (size_t i = 0; i < outputs.size(); ++i) places.outside[chain.wanted[i]] = &outputs[i];
  std::vector<Lifetime> lives(specs.size(), Lifetime{0, 0, 0});
  for (size_t s = 0; s < chain.stages.size(); ++s) {
    const size_t value = inputs.size() + s;
    if (places.outside[value] == nullptr) lives[value] = {specs[value].bytes(), s, s};
    for (const size_t input : chain.stages[s].inputs) lives[input].last = s;
  }
  for (size_t s = 0; s < chain.stages.size(); ++s) {
    std::vector<TensorSpec> own;
    for (const size_t input : chain.stages[s].inputs) own.push_back(specs[input]);
    lives.push_back({chain.stages[s].op->workspace(own), s, s});
  }
  places.bytes = place_by_lifetime(lives);
  for (size_t v = 0; v < lives.size(); ++v) {
    if (v < specs.size()) {
      places.offset[v] = lives[v].offset;
    } else {
      places.workspace.push_back(lives[v].offset);
    }
  }
  return places;
}

}  // namespace

// Types and shapes of all values, as a block sees them.
std::vector<TensorSpec> Chain::block_specs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, whole.size(), whole.size());
  std::vector<TensorSpec> specs = inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!whole[i]) specs[i].shape[0] = samples;
  }
  for (const Stage& stage : stages) {
    std::vector<TensorSpec> own;
    for (const size_t input : stage.inputs) own.push_back(specs[input]);
    specs.push_back(stage.op->outputs(own).front());
    if (specs.back().rank() < 1 || specs.back().shape[0] != samples) {
      fail(name(), stage.op->name() + " gives other samples", to_text(samples), "shape", specs.back().shape, "");
    }
  }
  return specs;
}

std::vector<TensorSpec> Chain::outputs(const std::vector<TensorSpec>& inputs) const {
  int64_t count = -1;
  for (size_t i = 0; i < whole.size() && i < inputs.size(); ++i) {
    if (whole[i]) continue;
    if (inputs[i].rank() < 1 || inputs[i].shape[0] % samples != 0 || (count >= 0 && inputs[i].shape[0] != count)) {
      fail(name(), "the samples of an input cannot be shared out", "a multiple of " + to_text(samples),
           "inputs[" + to_text(i) + "].shape", inputs[i].shape, "");
    }
    count = inputs[i].shape[0];
  }
  const std::vector<TensorSpec> specs = block_specs(inputs);
  std::vector<TensorSpec> results;
  for (const size_t value : wanted) {
    results.push_back(specs[value]);
    results.back().shape[0] = count;
  }
  return results;
}

void Chain::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const int64_t blocks = outputs[0].dim(0) / samples;
  std::vector<TensorSpec> input_specs;
  for (const Tensor& input : inputs) input_specs.push_back(input.spec);
  const std::vector<TensorSpec> specs = block_specs(input_specs);
  const Places places = place(*this, specs, inputs, outputs);
  double cost = 0;
  for (size_t v = inputs.size(); v < specs.size(); ++v) cost += kCostPerByte * static_cast<double>(specs[v].bytes());
  parallel_for(blocks, cost, [&](int64_t block, int) {
    const Buffer scratch(places.bytes);
    std::vector<Tensor> values;
    for (size_t v = 0; v < specs.size(); ++v) {
      const Tensor* outside = places.outside[v];
      const bool all = v < whole.size() && whole[v];
      const size_t skipped = all ? 0 : static_cast<size_t>(block) * specs[v].bytes();
      char* data = outside == nullptr ? scratch.as<char>() + places.offset[v] : outside->as<char>() + skipped;
      values.push_back({specs[v], data});
    }
    std::vector<Tensor> own;
    for (size_t s = 0; s < stages.size(); ++s) {
      own.clear();
      for (const size_t input : stages[s].inputs) own.push_back(values[input]);
      stages[s].op->run(own, {values[inputs.size() + s]}, scratch.as<char>() + places.workspace[s]);
    }
  });
}

}  // namespace juanji
