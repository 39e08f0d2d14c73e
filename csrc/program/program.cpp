#include "program/program.hpp"

#include <chrono>
#include <cstring>
#include <set>
#include <utility>

#include "core/check.hpp"
#include "core/fork.hpp"
#include "core/parallel.hpp"
#include "program/lifetimes.hpp"

namespace juanji {

namespace {

struct Arenas {
  std::mutex mutex;
  std::set<Arena*> all;

  Arenas() {
    open_at_fork(mutex);
    call_in_child(open_arenas);
  }
};

Arenas& arenas() {
  static Arenas* instance = new Arenas;  // never destroyed: arenas may outlive static destruction
  return *instance;
}

}  // namespace

void open_arenas() {
  for (Arena* arena : arenas().all) {
    arena->mutex_.release();  // not deleted: one that is locked must not be
    arena->mutex_ = std::make_unique<std::mutex>();
  }
}

Arena::Arena() {
  const std::lock_guard<std::mutex> lock(arenas().mutex);
  arenas().all.insert(this);
}

Arena::~Arena() {
  const std::lock_guard<std::mutex> lock(arenas().mutex);
  arenas().all.erase(this);
}

char* Arena::reserve(size_t bytes) {
  if (bytes > bytes_) {
    buffer_ = Buffer();  // first, so that the two need not fit together
    bytes_ = 0;
    buffer_ = Buffer(bytes);
    bytes_ = bytes;
  }
  return buffer_.as<char>();
}

size_t Program::add_value(TensorSpec spec, Place place, void* data) {
  const size_t number = values_.size();
  values_.push_back({{std::move(spec), data}, place, number, 0, false});
  return number;
}

size_t Program::add_input(TensorSpec spec, bool any_rows) {
  const size_t value = add_value(std::move(spec), Place::input);
  values_[value].any_rows = any_rows;
  values_[value].slot = inputs_.size();
  inputs_.push_back(value);
  return value;
}

size_t Program::add_memory(TensorSpec spec, void* data) { return add_value(std::move(spec), Place::memory, data); }

size_t Program::add_view(size_t value, Shape shape) {
  const Value& source = values_[value];
  if (element_count(shape) != source.tensor.size()) {
    fail("program", "a view has other elements than its source", to_text(source.tensor.spec.shape), "shape", shape, "");
  }
  const size_t view = add_value({source.tensor.spec.dtype, std::move(shape)}, source.place);
  values_[view].root = values_[value].root;
  return view;
}

std::vector<size_t> Program::add_step(const Operation& op, const std::vector<size_t>& inputs, bool setup) {
  std::vector<TensorSpec> specs;
  for (const size_t input : inputs) specs.push_back(values_[input].tensor.spec);
  Step step;
  step.op = &op;
  step.inputs = inputs;
  step.workspace_bytes = op.workspace(specs);
  for (TensorSpec& spec : op.outputs(specs)) {
    step.output_tensors.push_back({spec, nullptr});
    step.outputs.push_back(add_value(std::move(spec), setup ? Place::setup : Place::arena));
  }
  for (TensorSpec& spec : specs) step.input_tensors.push_back({std::move(spec), nullptr});
  std::vector<size_t> outputs = step.outputs;
  (setup ? setup_ : steps_).push_back(std::move(step));
  return outputs;
}

void Program::add_output(size_t value) { outputs_.push_back(value); }

void Program::plan() {
  place_outputs();
  place_arena();
  place_setup();
}

// A step writes an output where the caller wants it; what is no step's result, or is wanted twice, is copied there.
void Program::place_outputs() {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    Value& root = values_[values_[outputs_[i]].root];
    if (root.place == Place::arena) {
      root.place = Place::output;
      root.slot = i;
    } else {
      copied_outputs_.push_back(i);
    }
  }
}

// The last step that reads each value or a view of it.
std::vector<size_t> Program::last_uses() const {
  std::vector<size_t> last(values_.size(), 0);
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (const size_t input : steps_[i].inputs) last[values_[input].root] = i;
  }
  return last;
}

// An input in the arena that the output of this step can lie on top of: as large, and read here once and for the last
// time.
size_t Program::reusable_input(const Step& step, size_t output, size_t number, const std::vector<size_t>& last) const {
  const size_t position = step.op->overwritten_input(output, step.inputs.size());
  if (position == kNoInput) return kNoInput;
  const size_t root = values_[step.inputs[position]].root;
  size_t readers = 0;
  for (const size_t input : step.inputs) readers += values_[input].root == root ? 1 : 0;
  if (readers > 1) return kNoInput;
  const bool alike = values_[root].tensor.spec.bytes() == step.output_tensors[output].spec.bytes();
  return values_[root].place == Place::arena && last[root] == number && alike ? root : kNoInput;
}

void Program::place_arena() {
  const std::vector<size_t> last = last_uses();
  std::vector<Lifetime> lives;
  std::vector<std::pair<size_t*, size_t>> slots;  // and the life whose place they get
  std::vector<size_t> life_of(values_.size(), SIZE_MAX);
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    std::set<size_t> reused;
    for (size_t k = 0; k < step.outputs.size(); ++k) {
      const size_t output = step.outputs[k];
      if (values_[output].place != Place::arena) continue;
      const size_t input = reusable_input(step, k, i, last);
      if (input != kNoInput && reused.insert(life_of[input]).second) {
        life_of[output] = life_of[input];
        lives[life_of[output]].last = i;
      } else {
        life_of[output] = lives.size();
        lives.push_back({values_[output].tensor.spec.bytes(), i, i});
      }
      slots.emplace_back(&values_[output].slot, life_of[output]);
    }
    for (const size_t input : step.inputs) {
      const size_t life = life_of[values_[input].root];
      if (life != SIZE_MAX) lives[life].last = i;
    }
    if (step.workspace_bytes > 0) {
      slots.emplace_back(&step.workspace_offset, lives.size());
      lives.push_back({step.workspace_bytes, i, i});
    }
  }
  arena_bytes_ = place_by_lifetime(lives);
  for (const auto& [slot, life] : slots) *slot = lives[life].offset;
}

// Results of the setup stay for all runs, so nothing is shared among them but the workspace.
void Program::place_setup() {
  std::vector<Lifetime> lives;
  std::vector<size_t*> slots;
  for (size_t i = 0; i < setup_.size(); ++i) {
    for (const size_t output : setup_[i].outputs) {
      lives.push_back({values_[output].tensor.spec.bytes(), 0, setup_.size()});
      slots.push_back(&values_[output].slot);
    }
    if (setup_[i].workspace_bytes > 0) {
      lives.push_back({setup_[i].workspace_bytes, i, i});
      slots.push_back(&setup_[i].workspace_offset);
    }
  }
  setup_bytes_ = place_by_lifetime(lives);
  for (size_t i = 0; i < lives.size(); ++i) *slots[i] = lives[i].offset;
  setup_memory_ = Buffer(setup_bytes_);
  for (Value& value : values_) {
    const Value& root = values_[value.root];
    if (root.place == Place::setup) value.tensor.data = setup_memory_.as<char>() + root.slot;
    if (root.place == Place::memory) value.tensor.data = root.tensor.data;
  }
}

void Program::execute(Step& step, char* scratch) const {
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    const Value& value = values_[step.inputs[i]];
    step.input_tensors[i].data = value.tensor.data;
    if (value.any_rows) step.input_tensors[i].spec.shape[0] = value.tensor.spec.shape[0];
  }
  for (size_t i = 0; i < step.outputs.size(); ++i) step.output_tensors[i].data = values_[step.outputs[i]].tensor.data;
  step.op->run(step.input_tensors, step.output_tensors,
               step.workspace_bytes == 0 ? nullptr : scratch + step.workspace_offset);
}

void Program::prepare() {
  const std::unique_lock<std::mutex> alone = arena_.lock();
  const DenormalGuard guard;
  for (Step& step : setup_) execute(step, setup_memory_.as<char>());
}

void Program::run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
                  std::vector<double>* seconds, const std::vector<int64_t>& rows) {
  const std::unique_lock<std::mutex> alone = arena_.lock();
  const DenormalGuard guard;
  char* base = arena_.reserve(arena_bytes_);
  for (Value& value : values_) {
    const Value& root = values_[value.root];  // a view is where its root is
    if (value.any_rows && !rows.empty()) value.tensor.spec.shape[0] = rows[value.slot];
    switch (root.place) {
      case Place::input: value.tensor.data = const_cast<void*>(inputs[root.slot]); break;
      case Place::output: value.tensor.data = outputs[root.slot]; break;
      case Place::arena: value.tensor.data = base + root.slot; break;
      case Place::memory:
      case Place::setup: break;
    }
  }
  for (Step& step : steps_) {
    const auto start = std::chrono::steady_clock::now();
    execute(step, base);
    if (seconds != nullptr) {
      seconds->push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  }
  for (const size_t i : copied_outputs_) {
    const Tensor& value = values_[outputs_[i]].tensor;
    if (value.spec.bytes() > 0) std::memcpy(outputs[i], value.data, value.spec.bytes());
  }
}

}  // namespace juanji
