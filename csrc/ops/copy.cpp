#include "ops/copy.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "kernels/copy.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task
constexpr int64_t kSquare = 64;    // rows and columns of a block that is transposed
constexpr double kCost = 0.4;      // nanoseconds an element, bound by memory or by steps

// Calls body(T{}) with an unsigned type of dtype's size.
template <class Body>
void dispatch_size(DType dtype, Body&& body) {
  switch (dtype_bytes(dtype)) {
    case 1: return body(uint8_t{});
    case 4: return body(uint32_t{});
    default: return body(uint64_t{});
  }
}

// A block of a walk: rows * cols elements, dense from element `dense` on, and at `strided` in the view.
struct Block {
  int64_t dense, strided;
  int64_t rows, cols;
  int64_t row_stride, step;
};

// The outer dimensions of a walk, one position after the other; divisions only where it starts.
class Odometer {
 public:
  Odometer(const std::vector<StridedDimension>& dims, size_t outer, int64_t position) : dims_(dims), at_(outer) {
    for (size_t k = outer; k-- > 0; position /= dims[k].size) {
      at_[k] = position % dims[k].size;
      offset_ += at_[k] * dims[k].stride;
    }
  }
  int64_t offset() const { return offset_; }
  void advance() {
    for (size_t k = at_.size(); k-- > 0;) {
      offset_ += dims_[k].stride;
      if (++at_[k] < dims_[k].size) return;
      offset_ -= dims_[k].size * dims_[k].stride;
      at_[k] = 0;
    }
  }

 private:
  const std::vector<StridedDimension>& dims_;
  std::vector<int64_t> at_;
  int64_t offset_ = 0;
};

// Covers the view by blocks, in parallel.
template <class Body>
void for_each_block(const StridedView& view, Body body) {
  std::vector<StridedDimension> dims = merged_dimensions(view);
  while (dims.size() < 2) dims.insert(dims.begin(), {1, 0});
  const StridedDimension inner = dims.back(), row = dims[dims.size() - 2];
  const size_t outer_rank = dims.size() - 2;
  int64_t outer = 1;
  for (size_t i = 0; i < outer_rank; ++i) outer *= dims[i].size;
  const int64_t cols = std::min(inner.size, kGrain);
  const int64_t col_tasks = (inner.size + cols - 1) / cols;
  const int64_t rows = std::min(row.size, std::max<int64_t>(1, kGrain / cols));
  const int64_t row_tasks = (row.size + rows - 1) / rows;
  const int64_t bundle = std::max<int64_t>(1, kGrain / (rows * cols));  // small ones share a task
  const int64_t parts = row_tasks * col_tasks;                          // of an outer position
  parallel_ranges(outer * parts, bundle, kCost * static_cast<double>(rows * cols), [&](int64_t begin, int64_t end) {
    int64_t position = begin / parts, part = begin % parts;
    Odometer odometer(dims, outer_rank, position);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t col = part % col_tasks * cols, first = part / col_tasks * rows;
      body(Block{(position * row.size + first) * inner.size + col,
                 view.offset + odometer.offset() + first * row.stride + col * inner.stride,
                 std::min(rows, row.size - first), std::min(cols, inner.size - col), row.stride, inner.stride});
      if (++part < parts) continue;
      part = 0;
      ++position;
      odometer.advance();
    }
  });
}

// The dimension along which x lies in order, where the last one walks in larger steps: the two are transposed. Or -1.
int64_t transposed_dimension(const std::vector<StridedDimension>& dims) {
  if (dims.size() < 2 || std::abs(dims.back().stride) <= 1) return -1;
  for (size_t i = 0; i + 1 < dims.size(); ++i) {
    if (dims[i].stride == 1) return static_cast<int64_t>(i);
  }
  return -1;
}

template <class T>
void transpose(const std::vector<StridedDimension>& dims, size_t along, const T* x, T* y) {
  const StridedDimension inner = dims.back(), other = dims[along];
  int64_t other_stride = 1;  // in y
  for (size_t i = along + 1; i < dims.size(); ++i) other_stride *= dims[i].size;
  int64_t matrices = 1;
  for (size_t i = 0; i + 1 < dims.size(); ++i) matrices *= i == along ? 1 : dims[i].size;
  const int64_t down = (other.size + kSquare - 1) / kSquare, across = (inner.size + kSquare - 1) / kSquare;
  const int64_t elements = std::min(other.size, kSquare) * std::min(inner.size, kSquare);
  parallel_ranges(matrices * down * across, std::max<int64_t>(1, kGrain / elements),
                  kCost * static_cast<double>(elements), [&](int64_t begin, int64_t end) {
                    for (int64_t task = begin; task < end; ++task) {
                      const int64_t j = task % across * kSquare, i = task / across % down * kSquare;
                      int64_t position = task / across / down;
                      int64_t from = i + j * inner.stride, to = i * other_stride + j, y_stride = inner.size;
                      for (size_t k = dims.size() - 1; k-- > 0;) {
                        if (k != along) {
                          from += position % dims[k].size * dims[k].stride;
                          to += position % dims[k].size * y_stride;
                          position /= dims[k].size;
                        }
                        y_stride *= dims[k].size;
                      }
                      kernels::copy<T>().transpose(x + from, inner.stride, y + to, other_stride,
                                                   std::min(kSquare, other.size - i),
                                                   std::min(kSquare, inner.size - j));
                    }
                  });
}

void clear(void* y, size_t bytes) {
  parallel_ranges(static_cast<int64_t>(bytes), 1 << 17, 0.05, [&](int64_t begin, int64_t end) {
    std::memset(static_cast<char*>(y) + begin, 0, static_cast<size_t>(end - begin));
  });
}

}  // namespace

StridedCopy::StridedCopy(Shape shape, std::vector<int64_t> strides, int64_t offset)
    : view("copy", std::move(shape), std::move(strides), offset) {}

std::vector<TensorSpec> StridedCopy::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  view.check_inside(name(), inputs[0].size());
  return {{inputs[0].dtype, view.shape}};
}

void StridedCopy::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  if (outputs[0].size() == 0) return;
  dispatch_size(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    const std::vector<StridedDimension> dims = merged_dimensions(view);
    const int64_t along = transposed_dimension(dims);
    if (along >= 0) return transpose(dims, static_cast<size_t>(along), x + view.offset, y);
    for_each_block(view, [&](const Block& block) {
      kernels::copy<T>().gather(x + block.strided, block.row_stride, block.step, y + block.dense, block.rows,
                                block.cols);
    });
  });
}

StridedPlace::StridedPlace(Shape whole, Shape view_shape, std::vector<int64_t> strides, int64_t offset)
    : shape(std::move(whole)),
      view("place", std::move(view_shape), std::move(strides), offset) {
  view.check_inside("place", element_count(shape));
}

std::vector<TensorSpec> StridedPlace::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_shape(*this, inputs[0], "x", view.shape);
  return {{inputs[0].dtype, shape}};
}

void StridedPlace::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  if (inputs[0].size() < outputs[0].size()) clear(outputs[0].data, outputs[0].spec.bytes());
  if (inputs[0].size() == 0) return;
  dispatch_size(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_block(view, [&](const Block& block) {
      kernels::copy<T>().scatter(inputs[0].as<T>() + block.dense, outputs[0].as<T>() + block.strided, block.row_stride,
                                 block.step, block.rows, block.cols);
    });
  });
}

}  // namespace juanji
