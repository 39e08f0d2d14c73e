#include "ops/assign.hpp"

#include <cstring>

#include "core/check.hpp"
#include "core/parallel.hpp"

namespace juanji {

std::vector<TensorSpec> Assign::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_same_dtype(*this, inputs[0], "variable", inputs[1], "value");
  check_shape(*this, inputs[1], "value", inputs[0].shape);
  return {};
}

void Assign::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>&, void*) const {
  constexpr int64_t kGrain = 64 * 1024;
  constexpr double kNanosecondsPerByte = 0.1;
  char* to = inputs[0].as<char>();
  const char* from = inputs[1].as<char>();
  parallel_ranges(
      static_cast<int64_t>(inputs[0].spec.bytes()), kGrain, kNanosecondsPerByte,
      [&](int64_t begin, int64_t end) { std::memmove(to + begin, from + begin, static_cast<size_t>(end - begin)); });
}

}  // namespace juanji
