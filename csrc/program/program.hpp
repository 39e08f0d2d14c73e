// A recorded step: a list of operations over planned buffers, executed as one call.
//
// A program is built value by value and step by step, planned once, and run as often as wanted. A value is what one
// tensor of the recording became: memory of the caller handed to each run (inputs and outputs), memory that outlives
// the program's runs (variables, constants, results of the setup), a place in the arena, or a view of another value.
// The arena's places are given out by lifetime, so that values that are never alive together share memory; several
// programs (batch sizes, training and evaluation) share one arena.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/buffer_pool.hpp"
#include "ops/operation.hpp"

namespace juanji {

// Opens all arenas in a forked child: what ran in them ran in threads that it does not have.
void open_arenas();

// Scratch memory that programs share; it grows to what the largest of them needs.
class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Waits for the program that is running in it.
  std::unique_lock<std::mutex> lock() { return std::unique_lock<std::mutex>(*mutex_); }
  char* reserve(size_t bytes);  // only while locked; earlier contents are lost when it grows
  size_t bytes() const { return bytes_; }

 private:
  friend void open_arenas();

  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  Buffer buffer_;
  size_t bytes_ = 0;
};

class Program {
 public:
  explicit Program(Arena& arena) : arena_(arena) {}

  // Each gives the number of the value; steps give those of their outputs.
  // Its memory comes with each run, in the order of these calls; with `any_rows` the first axis may be another one.
  size_t add_input(TensorSpec spec, bool any_rows = false);
  size_t add_memory(TensorSpec spec, void* data);  // borrowed: must outlive the program
  size_t add_view(size_t value, Shape shape);      // the same elements in another shape
  // Borrows the operation. A step of the setup runs in prepare() only; its inputs are memory or results of the setup.
  std::vector<size_t> add_step(const Operation& op, const std::vector<size_t>& inputs, bool setup);
  void add_output(size_t value);

  // Gives every value its place. Nothing can be added afterwards.
  void plan();

  // Runs the setup: what depends on memory alone. To be called before the first run and when that memory has changed.
  void prepare();

  // `inputs` and `outputs` point to dense memory of the types and shapes of their values; `rows` has the first axis of
  // each input where some may have any. Runs in one program at a time per arena. With `seconds`, the time of each step
  // is written there.
  void run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
           std::vector<double>* seconds = nullptr, const std::vector<int64_t>& rows = {});

  const TensorSpec& spec(size_t value) const { return values_[value].tensor.spec; }
  bool any_rows(size_t value) const { return values_[value].any_rows; }
  const std::vector<size_t>& inputs() const { return inputs_; }
  const std::vector<size_t>& outputs() const { return outputs_; }
  size_t arena_bytes() const { return arena_bytes_; }
  size_t setup_bytes() const { return setup_bytes_; }

 private:
  enum class Place : uint8_t { input, memory, setup, arena, output };
  struct Step {
    const Operation* op = nullptr;
    std::vector<size_t> inputs, outputs;
    size_t workspace_bytes = 0;
    size_t workspace_offset = 0;
    std::vector<Tensor> input_tensors, output_tensors;  // pointers are filled in before each run
  };
  struct Value {
    Tensor tensor;
    Place place;
    size_t root;      // itself, or the value it is a view of
    size_t slot = 0;  // offset in the arena or the setup's memory, or the number of the input or output
    bool any_rows = false;
  };

  size_t add_value(TensorSpec spec, Place place, void* data = nullptr);
  void place_outputs();
  void place_arena();
  std::vector<size_t> last_uses() const;
  size_t reusable_input(const Step& step, size_t output, size_t number, const std::vector<size_t>& last) const;
  void place_setup();
  void execute(Step& step, char* scratch) const;

  Arena& arena_;
  std::vector<Value> values_;
  std::vector<Step> steps_, setup_;
  std::vector<size_t> inputs_, outputs_;
  std::vector<size_t> copied_outputs_;  // places in outputs_ that no step can write directly
  Buffer setup_memory_;
  size_t arena_bytes_ = 0, setup_bytes_ = 0;
};

}  // namespace juanji
