// An operation: a plain struct of attributes that knows output shapes, workspace bytes and how to run.
//
// An eager call and a planned program use the same three functions and the operation knows of neither, so that each is
// written once. Instances are immutable: one may run on several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/tensor.hpp"

namespace juanji {

constexpr size_t kNoInput = SIZE_MAX;

struct Operation {
  virtual ~Operation() = default;

  virtual std::string name() const = 0;

  // Output types and shapes from those of the inputs; throws std::invalid_argument (shapes) or DTypeError (types).
  // All checks live here: run() trusts its arguments.
  virtual std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const = 0;

  // Bytes of scratch memory for run(), aligned to kAlignment. May depend on max_workers().
  virtual size_t workspace(const std::vector<TensorSpec>& inputs) const {
    (void)inputs;
    return 0;
  }

  // Inputs that run() overwrites (an optimizer's parameters and state); they must not be copies.
  virtual std::vector<size_t> updated_inputs(size_t input_count) const {
    (void)input_count;
    return {};
  }

  // The input that output `output` may lie on top of, where nobody needs that input afterwards: memory that has just
  // been read is written without being fetched once more. kNoInput: they must not overlap. Programs look at nothing
  // else than the size, so run() may then not read an element of the input after it has written that of the output.
  virtual size_t overwritten_input(size_t output, size_t input_count) const {
    (void)output, (void)input_count;
    return kNoInput;
  }

  // Whether run() reaches its result with fewer multiplications than the definition has: then a rate that counts those
  // of the definition is an effective one.
  virtual bool saves_multiplications(const std::vector<TensorSpec>& inputs) const {
    (void)inputs;
    return false;
  }

  // `outputs` are dense, uninitialised and do not overlap the inputs but for those that overwritten_input() names.
  virtual void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const = 0;
};

// Checks that operations share. Each throws an error that names the operation and the input.
void check_input_count(const Operation& op, const std::vector<TensorSpec>& inputs, size_t least, size_t most);
void check_float(const Operation& op, const TensorSpec& input, const char* name);
void check_same_dtype(const Operation& op, const TensorSpec& a, const char* a_name, const TensorSpec& b,
                      const char* b_name);
void check_rank(const Operation& op, const TensorSpec& input, const char* name, int64_t rank, const char* meaning);
void check_shape(const Operation& op, const TensorSpec& input, const char* name, const Shape& expected);

}  // namespace juanji
