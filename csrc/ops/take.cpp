#include "ops/take.hpp"

#include <algorithm>
#include <cstring>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/binary.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task
constexpr double kCost = 0.4;      // nanoseconds an element, bound by memory

void check_indices(const Operation& op, const TensorSpec& indices) {
  if (indices.dtype == DType::int64) return;
  fail<DTypeError>(op.name(), "unsupported dtype of indices", "int64", "indices.dtype", dtype_name(indices.dtype),
                   "Convert it with astype('int64').");
}

void check_axis(const Operation& op, const TensorSpec& x, int64_t axis, int64_t least_rank) {
  if (axis >= 0 && x.rank() >= least_rank) return;
  fail(op.name(), "no such axis", "an axis below " + to_text(x.rank()), "axis", axis, "");
}

// The index counted from the front, for all of them; throws for one out of range.
const std::vector<int64_t> places(const Operation& op, const Tensor& indices, int64_t size) {
  std::vector<int64_t> result(static_cast<size_t>(indices.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t index = indices.as<int64_t>()[i];
    if (index < -size || index >= size) {
      fail(op.name(), "index out of range", to_text(-size) + " to " + to_text(size - 1),
           "indices.flat[" + to_text(i) + "]", index, "");
    }
    result[i] = index < 0 ? index + size : index;
  }
  return result;
}

int64_t product(const Shape& shape, size_t begin, size_t end) {
  int64_t result = 1;
  for (size_t i = begin; i < end; ++i) result *= shape[i];
  return result;
}

}  // namespace

std::vector<TensorSpec> Take::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_indices(*this, inputs[1]);
  check_axis(*this, inputs[0], axis, axis + 1);
  Shape shape = inputs[0].shape;
  const auto place = shape.erase(shape.begin() + axis);
  shape.insert(place, inputs[1].shape.begin(), inputs[1].shape.end());
  element_count(shape);
  return {{inputs[0].dtype, shape}};
}

void Take::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Shape& shape = inputs[0].spec.shape;
  const size_t place = static_cast<size_t>(axis);
  const int64_t size = shape[place];
  const std::vector<int64_t> from = places(*this, inputs[1], size);
  if (outputs[0].size() == 0) return;
  const int64_t count = static_cast<int64_t>(from.size());
  const int64_t inner = product(shape, place + 1, shape.size());
  const int64_t bytes = inner * static_cast<int64_t>(dtype_bytes(inputs[0].spec.dtype));
  parallel_ranges(outputs[0].size() / inner, std::max<int64_t>(1, kGrain / inner),
                  kCost * static_cast<double>(inner + 8), [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) {
                      const int64_t source = i / count * size + from[static_cast<size_t>(i % count)];
                      std::memcpy(outputs[0].as<char>() + i * bytes, inputs[0].as<char>() + source * bytes,
                                  static_cast<size_t>(bytes));
                    }
                  });
}

std::vector<TensorSpec> TakeGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec &dy = inputs[0], &indices = inputs[1];
  check_float(*this, dy, "dy");
  check_indices(*this, indices);
  check_axis(*this, dy, axis, axis + indices.rank());
  const auto first = dy.shape.begin() + axis, last = first + indices.rank();
  if (!std::equal(first, last, indices.shape.begin())) {
    fail(name(), "dy has the wrong shape", "the shape of the indices at the axis", "dy.shape", dy.shape, "");
  }
  Shape shape(dy.shape.begin(), first);
  shape.push_back(size);
  shape.insert(shape.end(), last, dy.shape.end());
  element_count(shape);
  return {{dy.dtype, shape}};
}

void TakeGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const std::vector<int64_t> to = places(*this, inputs[1], size);
  if (outputs[0].size() == 0) return;
  const Shape& shape = outputs[0].spec.shape;
  const size_t place = static_cast<size_t>(axis);
  const int64_t count = static_cast<int64_t>(to.size());
  const int64_t outer = product(shape, 0, place), inner = product(shape, place + 1, shape.size());
  // Slices that meet in one place are added in order, so a task owns a range of the elements of every slice.
  const int64_t cols = std::min(inner, std::max<int64_t>(64, kGrain / std::max(count + size, int64_t{1})));
  const int64_t col_tasks = (inner + cols - 1) / cols;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto add = kernels::binary<T>().arithmetic[static_cast<size_t>(BinaryKind::add)];
    parallel_for(outer * col_tasks, kCost * static_cast<double>((count + size) * (cols + 16)), [&](int64_t task, int) {
      const int64_t first = task % col_tasks * cols, width = std::min(cols, inner - first);
      const T* dy = inputs[0].as<T>() + task / col_tasks * count * inner + first;
      T* dx = outputs[0].as<T>() + task / col_tasks * size * inner + first;
      for (int64_t i = 0; i < size; ++i) std::fill_n(dx + i * inner, width, T{0});
      for (int64_t i = 0; i < count; ++i) {
        T* sum = dx + to[static_cast<size_t>(i)] * inner;
        if (width == 1) {
          *sum += dy[i * inner];
        } else {
          add({sum, 0, 1}, {dy + i * inner, 0, 1}, sum, 1, width);
        }
      }
    });
  });
}

}  // namespace juanji
