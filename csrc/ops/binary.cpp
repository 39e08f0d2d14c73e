#include "ops/binary.hpp"

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

template <class T>
kernels::Rows<T> rows(const Tensor& tensor, const BroadcastBlock& block, size_t k) {
  return {tensor.as<T>() + block.offset[k], block.row_stride[k], block.step[k]};
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
      function(rows<T>(inputs[0], block, 0), rows<T>(inputs[1], block, 1), outputs[0].as<T>() + block.output,
               block.rows, block.cols);
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
      function(rows<T>(inputs[0], block, 0), rows<T>(inputs[1], block, 1), outputs[0].as<bool>() + block.output,
               block.rows, block.cols);
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
      kernels::binary<T>().where(rows<bool>(inputs[0], block, 0), rows<T>(inputs[1], block, 1),
                                 rows<T>(inputs[2], block, 2), outputs[0].as<T>() + block.output, block.rows,
                                 block.cols);
    });
  });
}

}  // namespace juanji
