#include "ops/reduce.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/kind_names.hpp"

namespace juanji {
namespace {

constexpr const char* kReduceNames[] = {"sum", "prod", "max", "min", "mean"};
constexpr const char* kArgNames[] = {"argmax", "argmin"};

constexpr int64_t kRowBlock = 4096;    // elements of a block along memory
constexpr int64_t kColumnBlock = 256;  // rows of a block across rows
constexpr int64_t kGrain = 32768;      // elements a task
constexpr double kCost = 0.25;         // nanoseconds an element on one core, bound by memory

// One pass: x (outer, n, inner) to y (outer, blocks, inner).
struct Pass {
  int64_t outer, n, inner, block;

  int64_t blocks() const { return (n + block - 1) / block; }
  int64_t results() const { return outer * blocks() * inner; }
};

// The passes that reduce `axes` of `shape`, none of whose sizes is 0: the last group of neighbouring axes first, each
// group in blocks until one is left.
std::vector<Pass> plan(const Shape& shape, const std::vector<int64_t>& axes) {
  struct Group {
    int64_t size;
    bool reduced;
  };
  std::vector<Group> groups;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    const bool reduced = std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) != axes.end();
    if (!groups.empty() && groups.back().reduced == reduced) {
      groups.back().size *= shape[i];
    } else {
      groups.push_back({shape[i], reduced});
    }
  }
  std::vector<Pass> passes;
  int64_t inner = 1;
  while (!groups.empty()) {
    const Group last = groups.back();
    groups.pop_back();
    if (!last.reduced) {
      inner *= last.size;
      continue;
    }
    int64_t outer = 1;
    for (const Group& group : groups) outer *= group.size;
    const int64_t block = inner == 1 ? kRowBlock : kColumnBlock;
    for (int64_t n = last.size; n > 1; n = passes.back().blocks()) passes.push_back({outer, n, inner, block});
  }
  return passes;
}

template <class T>
void run_rows(const Pass& pass, ReduceKind kind, const T* x, T* y) {
  const kernels::ReduceTable<T>& table = kernels::reduce<T>();
  const auto row = table.row[static_cast<size_t>(kind)];
  const auto rows = table.rows[static_cast<size_t>(kind)];
  const int64_t blocks = pass.blocks();
  const int64_t length = std::min(pass.n, pass.block);
  parallel_ranges(pass.outer * blocks, std::max<int64_t>(1, kGrain / length), kCost * static_cast<double>(length + 8),
                  [&](int64_t begin, int64_t end) {
                    if (blocks == 1) return rows(x + begin * pass.n, pass.n, end - begin, y + begin);
                    for (int64_t i = begin; i < end; ++i) {
                      const int64_t first = i % blocks * pass.block;
                      y[i] = row(x + i / blocks * pass.n + first, std::min(pass.block, pass.n - first));
                    }
                  });
}

template <class T>
void run_columns(const Pass& pass, ReduceKind kind, const T* x, T* y) {
  const auto function = kernels::reduce<T>().columns[static_cast<size_t>(kind)];
  const int64_t blocks = pass.blocks();
  const int64_t length = std::min(pass.n, pass.block);
  // Multiples of 64 columns: whole vectors and cache lines. At least a page of each row, as rows may be far apart.
  const int64_t cols = std::min(pass.inner, std::max<int64_t>(2048, (kGrain / length + 63) / 64 * 64));
  const int64_t col_tasks = (pass.inner + cols - 1) / cols;
  const int64_t bundle = std::max<int64_t>(1, kGrain / (length * cols));
  parallel_ranges(pass.outer * blocks * col_tasks, bundle, kCost * static_cast<double>(length * cols),
                  [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) {
                      const int64_t c = i % col_tasks * cols;
                      const int64_t unit = i / col_tasks;
                      const int64_t first = unit % blocks * pass.block;
                      function(x + (unit / blocks * pass.n + first) * pass.inner + c,
                               std::min(pass.block, pass.n - first), pass.inner, std::min(cols, pass.inner - c),
                               y + unit * pass.inner + c);
                    }
                  });
}

int64_t reduced_count(const Shape& shape, const std::vector<int64_t>& axes) {
  int64_t count = 1;
  for (const int64_t axis : axes) count *= shape[static_cast<size_t>(axis)];
  return count;
}

template <class T>
T of_nothing(ReduceKind kind, bool mean) {
  if (mean) return std::numeric_limits<T>::quiet_NaN();
  return kind == ReduceKind::prod ? T{1} : T{0};
}

// Elements of each of the two buffers that passes but the last write to in turn.
int64_t buffer_elements(const std::vector<Pass>& passes) {
  int64_t most = 0;
  for (size_t i = 0; i + 1 < passes.size(); ++i) most = std::max(most, passes[i].results());
  return (most + 15) / 16 * 16;  // the second buffer stays aligned
}

}  // namespace

Reduce::Reduce(const std::string& kind_name, std::vector<int64_t> reduced_axes, bool keep_dimensions)
    : axes(std::move(reduced_axes)),
      keepdims(keep_dimensions) {
  const int index = find_name(kReduceNames, "reduce", "kind", kind_name);
  mean = index == kReduceKinds;
  kind = mean ? ReduceKind::sum : static_cast<ReduceKind>(index);
}

std::string Reduce::name() const { return kReduceNames[mean ? kReduceKinds : static_cast<int>(kind)]; }

std::vector<TensorSpec> Reduce::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  const Shape& shape = inputs[0].shape;
  std::vector<bool> reduced(shape.size(), false);
  for (const int64_t axis : axes) {
    if (axis < 0 || axis >= inputs[0].rank() || reduced[static_cast<size_t>(axis)]) {
      fail(name(), "no such axis, or an axis named twice", "different axes below " + to_text(inputs[0].rank()), "axis",
           axes, "");
    }
    reduced[static_cast<size_t>(axis)] = true;
  }
  if ((kind == ReduceKind::max || kind == ReduceKind::min) && reduced_count(shape, axes) == 0) {
    fail(name(), "nothing to choose from", "at least one element along the axes", "x.shape", shape,
         "Check for an empty batch.");
  }
  TensorSpec y{inputs[0].dtype, {}};
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!reduced[i]) {
      y.shape.push_back(shape[i]);
    } else if (keepdims) {
      y.shape.push_back(1);
    }
  }
  return {y};
}

size_t Reduce::workspace(const std::vector<TensorSpec>& inputs) const {
  if (inputs[0].size() == 0) return 0;
  return static_cast<size_t>(2 * buffer_elements(plan(inputs[0].shape, axes))) * dtype_bytes(inputs[0].dtype);
}

void Reduce::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* y = outputs[0].as<T>();
    const int64_t results = outputs[0].size();
    if (inputs[0].size() == 0) {
      std::fill_n(y, results, of_nothing<T>(kind, mean));
      return;
    }
    const std::vector<Pass> passes = plan(inputs[0].spec.shape, axes);
    const T* x = inputs[0].as<T>();
    if (passes.empty()) std::copy_n(x, results, y);
    T* const buffers = static_cast<T*>(workspace);
    const int64_t half = buffer_elements(passes);
    for (size_t i = 0; i < passes.size(); ++i) {
      T* const out = i + 1 == passes.size() ? y : buffers + static_cast<int64_t>(i % 2) * half;
      passes[i].inner == 1 ? run_rows(passes[i], kind, x, out) : run_columns(passes[i], kind, x, out);
      x = out;
    }
    if (mean) {
      const T count = static_cast<T>(reduced_count(inputs[0].spec.shape, axes));
      for (int64_t i = 0; i < results; ++i) y[i] /= count;
    }
  });
}

ArgReduce::ArgReduce(const std::string& kind_name, int64_t reduced_axis)
    : largest(find_name(kArgNames, "arg_reduce", "kind", kind_name) == 0),
      axis(reduced_axis) {}

std::vector<TensorSpec> ArgReduce::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  Shape shape = inputs[0].shape;
  if (axis < 0 || axis >= inputs[0].rank()) {
    fail(name(), "no such axis", "an axis below " + to_text(inputs[0].rank()), "axis", axis, "");
  }
  const int64_t n = shape[static_cast<size_t>(axis)];
  if (n < 1 || n > std::numeric_limits<int32_t>::max()) {
    fail(name(), "no usable number of elements to choose from", "1 to 2**31 - 1 along the axis", "x.shape", shape,
         "Check for an empty batch.");
  }
  shape.erase(shape.begin() + axis);
  return {{DType::int32, shape}};
}

void ArgReduce::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Shape& shape = inputs[0].spec.shape;
  const int64_t n = inputs[0].dim(axis);
  int64_t inner = 1;
  for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) inner *= shape[i];
  const int64_t results = outputs[0].size();
  if (results == 0) return;
  constexpr int64_t kCols = 256;
  const int64_t cols = std::min(inner, kCols);
  const int64_t col_tasks = (inner + cols - 1) / cols;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto function = largest ? kernels::reduce<T>().argmax : kernels::reduce<T>().argmin;
    const int64_t bundle = std::max<int64_t>(1, kGrain / (n * cols));
    parallel_ranges(results / inner * col_tasks, bundle, static_cast<double>(n * cols),
                    [&](int64_t begin, int64_t end) {
                      for (int64_t i = begin; i < end; ++i) {
                        const int64_t c = i % col_tasks * cols;
                        const int64_t outer = i / col_tasks;
                        function(inputs[0].as<T>() + outer * n * inner + c, n, inner, std::min(cols, inner - c),
                                 outputs[0].as<int32_t>() + outer * inner + c);
                      }
                    });
  });
}

}  // namespace juanji
