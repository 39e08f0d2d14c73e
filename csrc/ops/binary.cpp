#include "ops/binary.hpp"

#include <algorithm>
#include <type_traits>

#include "core/check.hpp"
#include "ops/broadcast.hpp"
#include "ops/kind_names.hpp"

namespace juanji {
namespace {

constexpr const char* kBinaryNames[] = {
#define JUANJI_KIND(name) #name,
    JUANJI_BINARY_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

constexpr const char* kComparisonNames[] = {
#define JUANJI_KIND(name, symbol) #name,
    JUANJI_COMPARISON_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

// Nanoseconds an element on one core: bound by memory, or a call of the C library's pow.
double cost_per_element(BinaryKind kind) { return kind == BinaryKind::power ? 15.0 : 0.4; }

// Comparisons of integers and booleans: loops that the compiler vectorises where it can.
template <class T>
using Compare = void (*)(kernels::Rows<T> a, kernels::Rows<T> b, bool* y, int64_t rows, int64_t cols);

template <class T, class F>
void compare_rows(kernels::Rows<T> a, kernels::Rows<T> b, bool* y, int64_t rows, int64_t cols, F f) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* ra = a.data + r * a.row_stride;
    const T* rb = b.data + r * b.row_stride;
    for (int64_t c = 0; c < cols; ++c) y[r * cols + c] = f(ra[c * a.step], rb[c * b.step]);
  }
}

template <class T>
Compare<T> comparison_of(ComparisonKind kind) {
  if constexpr (std::is_floating_point_v<T>) {
    return kernels::binary<T>().comparison[static_cast<size_t>(kind)];
  } else {
    static constexpr Compare<T> kTable[] = {
#define JUANJI_KIND(name, symbol)                                                   \
  [](kernels::Rows<T> a, kernels::Rows<T> b, bool* y, int64_t rows, int64_t cols) { \
    compare_rows(a, b, y, rows, cols, [](T u, T v) { return u symbol v; });         \
  },
        JUANJI_COMPARISON_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
    };
    return kTable[static_cast<size_t>(kind)];
  }
}

TensorSpec broadcast_pair(const Operation& op, const std::vector<TensorSpec>& inputs) {
  check_input_count(op, inputs, 2, 2);
  check_float(op, inputs[0], "x1");
  check_same_dtype(op, inputs[0], "x1", inputs[1], "x2");
  return {inputs[0].dtype, broadcast_shape(op, inputs)};
}

// An operand of a block. Where rows are short, such as the channels of images, several of them are one row for the
// kernel: a row that serves all rows is laid out as often as it takes.
template <class T>
class Operand {
 public:
  Operand(const Tensor& tensor, const BroadcastBlock& block, size_t k, int64_t rows)
      : all_{tensor.as<T>() + block.offset[k], block.row_stride[k], block.step[k]},
        cols_(block.cols) {
    if (rows == 1 || all_.step == 0 || all_.row_stride != 0) return;
    for (int64_t i = 0; i < rows * cols_; ++i) pattern_[i] = all_.data[i % cols_];
    repeated_ = true;
  }

  // As `rows` rows in one, beginning with row `first` of the block.
  kernels::Rows<T> from(int64_t first, int64_t rows) const {
    if (repeated_) return {pattern_, 0, 1};
    return {all_.data + first * all_.row_stride, rows * all_.row_stride, all_.step};
  }

 private:
  static constexpr int64_t kMost = 512;

  kernels::Rows<T> all_;
  int64_t cols_;
  bool repeated_ = false;
  T pattern_[kMost];

 public:
  // How many rows of a block can be one.
  static int64_t joined(const BroadcastBlock& block, size_t operands) {
    if (block.cols >= kMost / 8 || block.rows == 1) return 1;
    for (size_t k = 0; k < operands; ++k) {
      if (block.row_stride[k] != 0 && (block.step[k] == 0 || block.row_stride[k] != block.cols)) return 1;
    }
    return std::min(block.rows, kMost / block.cols);
  }
};

// Calls body(first, joined, rows) for the rows of a block: `rows` times `joined` rows in one, from row `first` on.
template <class Body>
void for_joined_rows(const BroadcastBlock& block, int64_t joined, Body&& body) {
  const int64_t whole = block.rows / joined, rest = block.rows - whole * joined;
  if (whole > 0) body(0, joined, whole);
  if (rest > 0) body(whole * joined, rest, 1);
}

}  // namespace

Binary::Binary(const std::string& kind_name)
    : kind(static_cast<BinaryKind>(find_name(kBinaryNames, "binary", "kind", kind_name))) {}

std::string Binary::name() const { return kBinaryNames[static_cast<size_t>(kind)]; }

std::vector<TensorSpec> Binary::outputs(const std::vector<TensorSpec>& inputs) const {
  return {broadcast_pair(*this, inputs)};
}

void Binary::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto function = kernels::binary<T>().arithmetic[static_cast<size_t>(kind)];
    for_each_block(inputs, outputs[0].spec.shape, cost_per_element(kind), [&](const BroadcastBlock& block) {
      const int64_t most = Operand<T>::joined(block, 2);
      const Operand<T> a(inputs[0], block, 0, most), b(inputs[1], block, 1, most);
      for_joined_rows(block, most, [&](int64_t first, int64_t joined, int64_t rows) {
        T* y = outputs[0].as<T>() + block.output + first * block.cols;
        function(a.from(first, joined), b.from(first, joined), y, rows, joined * block.cols);
      });
    });
  });
}

Comparison::Comparison(const std::string& kind_name)
    : kind(static_cast<ComparisonKind>(find_name(kComparisonNames, "comparison", "kind", kind_name))) {}

std::string Comparison::name() const { return kComparisonNames[static_cast<size_t>(kind)]; }

std::vector<TensorSpec> Comparison::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_same_dtype(*this, inputs[0], "x1", inputs[1], "x2");
  return {{DType::boolean, broadcast_shape(*this, inputs)}};
}

void Comparison::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_any(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Compare<T> function = comparison_of<T>(kind);
    for_each_block(inputs, outputs[0].spec.shape, 0.4, [&](const BroadcastBlock& block) {
      const int64_t most = Operand<T>::joined(block, 2);
      const Operand<T> a(inputs[0], block, 0, most), b(inputs[1], block, 1, most);
      for_joined_rows(block, most, [&](int64_t first, int64_t joined, int64_t rows) {
        bool* y = outputs[0].as<bool>() + block.output + first * block.cols;
        function(a.from(first, joined), b.from(first, joined), y, rows, joined * block.cols);
      });
    });
  });
}

std::vector<TensorSpec> Where::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 3, 3);
  if (inputs[0].dtype != DType::boolean) {
    fail<DTypeError>(name(), "unsupported dtype", "bool", "condition.dtype", dtype_name(inputs[0].dtype),
                     "Compare with 0, or convert it with astype(bool).");
  }
  check_float(*this, inputs[1], "x1");
  check_same_dtype(*this, inputs[1], "x1", inputs[2], "x2");
  return {{inputs[1].dtype, broadcast_shape(*this, inputs)}};
}

void Where::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[1].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_block(inputs, outputs[0].spec.shape, 0.5, [&](const BroadcastBlock& block) {
      const int64_t most = Operand<T>::joined(block, 3);
      const Operand<bool> condition(inputs[0], block, 0, most);
      const Operand<T> a(inputs[1], block, 1, most), b(inputs[2], block, 2, most);
      for_joined_rows(block, most, [&](int64_t first, int64_t joined, int64_t rows) {
        T* y = outputs[0].as<T>() + block.output + first * block.cols;
        kernels::binary<T>().where(condition.from(first, joined), a.from(first, joined), b.from(first, joined), y, rows,
                                   joined * block.cols);
      });
    });
  });
}

}  // namespace juanji
