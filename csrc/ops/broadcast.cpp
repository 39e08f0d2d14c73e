#include "ops/broadcast.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/parallel.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task, as for functions of one array

struct Dimension {
  int64_t size;
  int64_t stride[kMaxOperands];
};

// The dimensions of the result that must be told apart, outermost first; at least two, filled up with size 1.
std::vector<Dimension> merged_dimensions(const std::vector<Tensor>& inputs, const Shape& output) {
  std::vector<Dimension> merged;  // innermost first
  int64_t dense[kMaxOperands] = {1, 1, 1};
  for (size_t back = 1; back <= output.size(); ++back) {
    Dimension d{output[output.size() - back], {}};
    for (size_t k = 0; k < inputs.size(); ++k) {
      const Shape& shape = inputs[k].spec.shape;
      const int64_t own = back <= shape.size() ? shape[shape.size() - back] : 1;
      d.stride[k] = own == 1 ? 0 : dense[k];
      dense[k] *= own;
    }
    if (d.size == 1) continue;
    bool continues = !merged.empty();
    for (size_t k = 0; continues && k < inputs.size(); ++k) {
      continues = d.stride[k] == merged.back().stride[k] * merged.back().size;
    }
    if (continues) {
      merged.back().size *= d.size;
    } else {
      merged.push_back(d);
    }
  }
  while (merged.size() < 2) merged.push_back({1, {}});
  std::reverse(merged.begin(), merged.end());
  return merged;
}

}  // namespace

Shape broadcast_shape(const Operation& op, const std::vector<TensorSpec>& inputs) {
  size_t rank = 0;
  for (const TensorSpec& input : inputs) rank = std::max(rank, input.shape.size());
  Shape result(rank, 1);
  for (const TensorSpec& input : inputs) {
    for (size_t back = 1; back <= input.shape.size(); ++back) {
      const int64_t own = input.shape[input.shape.size() - back];
      int64_t& size = result[rank - back];
      if (own != 1 && size != 1 && own != size) {
        std::string shapes;
        for (const TensorSpec& each : inputs) shapes += (shapes.empty() ? "" : " and ") + to_text(each.shape);
        fail(op.name(), "shapes do not broadcast", "equal sizes, or 1, counted from the last dimension", "shapes",
             shapes, "Reshape one of them.");
      }
      if (own != 1) size = own;
    }
  }
  return result;
}

void for_each_block(const std::vector<Tensor>& inputs, const Shape& output, double cost,
                    FunctionRef<void(const BroadcastBlock&)> body) {
  if (element_count(output) == 0) return;
  const std::vector<Dimension> dims = merged_dimensions(inputs, output);
  const Dimension& inner = dims.back();
  const Dimension& row = dims[dims.size() - 2];
  int64_t outer = 1;
  for (size_t i = 0; i + 2 < dims.size(); ++i) outer *= dims[i].size;

  // A task is a piece of one row, or a bundle of rows.
  const int64_t cols = std::min(inner.size, kGrain);
  const int64_t col_tasks = (inner.size + cols - 1) / cols;
  const int64_t rows = std::min(row.size, std::max<int64_t>(1, kGrain / cols));
  const int64_t row_tasks = (row.size + rows - 1) / rows;
  parallel_for(outer * row_tasks * col_tasks, cost * static_cast<double>(rows * cols), [&](int64_t task, int) {
    const int64_t first_col = task % col_tasks * cols;
    const int64_t first_row = task / col_tasks % row_tasks * rows;
    int64_t position = task / col_tasks / row_tasks;
    BroadcastBlock block;
    block.output = (position * row.size + first_row) * inner.size + first_col;
    block.rows = std::min(rows, row.size - first_row);
    block.cols = std::min(cols, inner.size - first_col);
    for (size_t k = 0; k < inputs.size(); ++k) {
      block.offset[k] = first_row * row.stride[k] + first_col * inner.stride[k];
      block.row_stride[k] = row.stride[k];
      block.step[k] = inner.stride[k];
    }
    for (size_t i = dims.size() - 2; i-- > 0; position /= dims[i].size) {
      for (size_t k = 0; k < inputs.size(); ++k) block.offset[k] += position % dims[i].size * dims[i].stride[k];
    }
    body(block);
  });
}

}  // namespace juanji
