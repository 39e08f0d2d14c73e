#include "ops/operation.hpp"

#include "core/check.hpp"

namespace juanji {

void check_input_count(const Operation& op, const std::vector<TensorSpec>& inputs, size_t least, size_t most) {
  if (inputs.size() >= least && inputs.size() <= most) return;
  const std::string range = least == most ? to_text(least) : to_text(least) + " to " + to_text(most);
  fail(op.name(), "wrong number of inputs", range, "inputs", inputs.size(), "");
}

void check_float(const Operation& op, const TensorSpec& input, const char* name) {
  if (is_float(input.dtype)) return;
  fail<DTypeError>(op.name(), "unsupported dtype", "float32 or float64", std::string(name) + ".dtype",
                   dtype_name(input.dtype), "Convert it with astype('float32').");
}

void check_same_dtype(const Operation& op, const TensorSpec& a, const char* a_name, const TensorSpec& b,
                      const char* b_name) {
  if (a.dtype == b.dtype) return;
  fail<DTypeError>(op.name(), std::string("dtypes of ") + a_name + " and " + b_name + " differ",
                   std::string(dtype_name(a.dtype)), std::string(b_name) + ".dtype", dtype_name(b.dtype),
                   "Convert one of them with astype.");
}

void check_rank(const Operation& op, const TensorSpec& input, const char* name, int64_t rank, const char* meaning) {
  if (input.rank() == rank) return;
  fail(op.name(), std::string(name) + " has the wrong number of dimensions", "rank " + to_text(rank) + " " + meaning,
       std::string(name) + ".shape", input.shape, "");
}

void check_shape(const Operation& op, const TensorSpec& input, const char* name, const Shape& expected) {
  if (input.shape == expected) return;
  fail(op.name(), std::string(name) + " has the wrong shape", expected, std::string(name) + ".shape", input.shape, "");
}

}  // namespace juanji
