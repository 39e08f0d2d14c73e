// Split: the reverse of Concatenate, all parts in one operation.
#include <algorithm>
#include <cstring>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/copy.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task
constexpr double kCost = 0.3;      // nanoseconds an element, bound by memory

}  // namespace

std::vector<TensorSpec> Split::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& x = inputs[0];
  if (axis < 0 || axis >= x.rank())
    fail(name(), "no such axis", "an axis below " + to_text(x.rank()), "axis", axis, "");
  const size_t place = static_cast<size_t>(axis);
  std::vector<TensorSpec> parts(sizes.size(), x);
  int64_t total = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0) fail(name(), "a size is negative", "sizes from 0", "size", sizes[i], "");
    parts[i].shape[place] = sizes[i];
    total += sizes[i];
  }
  if (sizes.empty() || total != x.shape[place])
    fail(name(), "the sizes do not add up", "a sum of " + to_text(x.shape[place]), "sum", total, "");
  return parts;
}

void Split::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& x = inputs[0];
  if (x.size() == 0) return;
  const Shape& shape = x.spec.shape;
  const size_t place = static_cast<size_t>(axis);
  const int64_t bytes = static_cast<int64_t>(dtype_bytes(x.spec.dtype));
  int64_t inner = 1;  // elements of a slice
  for (size_t i = place + 1; i < shape.size(); ++i) inner *= shape[i];
  const int64_t row = shape[place] * inner;
  // Ranges of x; one may begin and end inside a part of a row.
  parallel_ranges(x.size(), kGrain, kCost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end;) {
      const int64_t r = i / row;
      int64_t before = 0;
      for (size_t part = 0; part < outputs.size() && i < end; ++part) {
        const int64_t own = sizes[part] * inner;
        const int64_t in_part = i % row - before;
        before += own;
        if (i / row != r || in_part >= own) continue;
        const int64_t n = std::min(own - in_part, end - i);
        std::memcpy(outputs[part].as<char>() + (r * own + in_part) * bytes, x.as<char>() + i * bytes,
                    static_cast<size_t>(n * bytes));
        i += n;
      }
    }
  });
}

}  // namespace juanji
