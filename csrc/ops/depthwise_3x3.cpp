#include "ops/depthwise_3x3.hpp"

#include "core/buffer_pool.hpp"
#include "kernels/depthwise_3x3.hpp"
#include "kernels/depthwise_3x3_weights.hpp"

namespace juanji::depthwise_3x3 {
namespace {

// A pointer to row `row` of an array of `rows` rows, or `present` where there is no such row.
template <class T>
T* row_or(T* present, T* array, int64_t row, int64_t rows, int64_t elements) {
  return row >= 0 && row < rows ? array + row * elements : present;
}

// Contracts of the kernels for rows of `width` pixels with `left` pixels of padding that give `count`.
bool serves_by_one(int64_t width, int64_t left, int64_t count) {
  const int64_t right = count + 2 - width - left;
  return left >= 0 && left <= 2 && right >= 0 && right <= 2 && width + left >= 2;
}

bool serves_by_two(int64_t width, int64_t left, int64_t count) {
  return left <= 1 && 2 * (count - 1) - left + 1 < width;
}

}  // namespace

bool serves(const DepthwisePlan& plan) {
  const WindowGeometry& g = plan.g;
  if (g.kh != 3 || g.kw != 3 || g.dw != 1 || plan.c == 0) return false;
  if (g.sw == 1) return serves_by_one(g.w, g.left, g.ow) && serves_by_one(g.ow, 2 - g.left, g.w);
  return g.sw == 2 && serves_by_two(g.w, g.left, g.ow);
}

size_t packed_bytes(const DepthwisePlan& plan, DType dtype) {
  const int64_t size = dtype == DType::float64 ? kernels::depthwise_3x3<double>().packed_size(plan.c)
                                               : kernels::depthwise_3x3<float>().packed_size(plan.c);
  const size_t bytes = static_cast<size_t>(size) * dtype_bytes(dtype);
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

template <class T>
void pack(const DepthwisePlan& plan, const T* w, T* packed) {
  kernels::depthwise_3x3<T>().pack(w, packed, plan.c, false);
}

template <class T>
void forward_row(const DepthwisePlan& plan, const T* x, const T* packed, const T* b, Activation activation, int64_t row,
                 bool last, T* y) {
  const WindowGeometry& g = plan.g;
  const auto& kernels = kernels::depthwise_3x3<T>();
  const int64_t x_row = g.w * plan.c, y_row = g.ow * plan.c;
  Taps taps = forward_taps(row % g.oh, g.kh, g.sh, g.dh, g.top);
  const int64_t image = row / g.oh * g.h;
  const int64_t newest = image + taps.source + 2 * g.dh;
  keep_inside(taps, g.h);
  kernels::DepthwiseRow<T> r{};
  r.x = x + (image + taps.source) * x_row;
  r.x_row_step = taps.source_step * x_row;
  r.rows = taps.count;
  r.kernel_row = taps.first;
  r.kernel_row_step = 1;
  r.weights = packed;
  r.b = b;
  r.y = y;
  r.width = g.w;
  r.left = g.left;
  r.count = g.ow;
  r.c = plan.c;
  r.activation = activation;
  r.next_x = last ? r.x : row_or(r.x, x, newest + 1, plan.n * g.h - g.sh + 1, x_row);
  r.next_y = last ? r.y : r.y + y_row;
  (g.sw == 1 ? kernels.row : kernels.row_by_two)(r);
}

// With stride 1 the input gradient is the forward pass with turned weights.
template <class T>
void pack_for_gradient(const DepthwisePlan& plan, const T* w, T* packed) {
  kernels::depthwise_3x3<T>().pack(w, packed, plan.c, plan.g.sw == 1);
}

template <class T>
void input_gradient_row(const DepthwisePlan& plan, const T* dy, const T* packed, int64_t row, bool last, T* dx) {
  const WindowGeometry& g = plan.g;
  const auto& kernels = kernels::depthwise_3x3<T>();
  const bool turned = g.sw == 1;
  const int64_t x_row = g.w * plan.c, y_row = g.ow * plan.c;
  Taps taps = backward_taps(row % g.h, g.kh, g.sh, g.dh, g.top);
  const int64_t image = row / g.h * g.oh;
  const int64_t newest = image + taps.source + (taps.count - 1) * taps.source_step;
  keep_inside(taps, g.oh);
  kernels::DepthwiseRow<T> r{};
  r.x = dy + (image + taps.source) * y_row;
  r.x_row_step = taps.source_step * y_row;
  r.rows = taps.count;
  r.kernel_row = turned ? 2 - taps.first : taps.first;
  r.kernel_row_step = turned ? -taps.step : taps.step;
  r.weights = packed;
  r.y = dx;
  r.width = turned ? g.ow : g.w;
  r.left = turned ? 2 - g.left : g.left;
  r.count = turned ? g.w : g.ow;
  r.c = plan.c;
  r.activation = Activation::none;
  r.next_x = last ? r.x : row_or(r.x, dy, newest + 1, plan.n * g.oh, y_row);
  r.next_y = last ? r.y : r.y + x_row;
  (turned ? kernels.row : kernels.spread_by_two)(r);
}

template <class T>
void add_weight_rows(const DepthwisePlan& plan, const T* x, const T* dy, T* dw, int64_t begin, int64_t end) {
  const WindowGeometry& g = plan.g;
  const int64_t x_row = g.w * plan.c, y_row = g.ow * plan.c;
  for (int64_t row = begin; row < end; ++row) {
    const bool last = row + 1 == end;
    Taps taps = forward_taps(row % g.oh, g.kh, g.sh, g.dh, g.top);
    const int64_t image = row / g.oh * g.h;
    const int64_t newest = image + taps.source + 2 * g.dh;
    keep_inside(taps, g.h);
    kernels::DepthwiseWeightRow<T> r{};
    r.x = x + (image + taps.source) * x_row;
    r.x_row_step = taps.source_step * x_row;
    r.rows = taps.count;
    r.kernel_row = taps.first;
    r.dy = dy + row * y_row;
    r.dw = dw;
    r.width = g.w;
    r.base = -g.left;
    r.step = g.sw;
    r.tap_step = g.dw;
    r.count = g.ow;
    r.c = plan.c;
    r.next_x = last ? r.x : row_or(r.x, x, newest + 1, plan.n * g.h - g.sh + 1, x_row);
    r.next_dy = last ? r.dy : r.dy + y_row;
    kernels::depthwise_3x3_weights<T>().row(r);
  }
}

template <class T>
int64_t weight_sum_size(int64_t c) {
  return kernels::depthwise_3x3_weights<T>().packed_size(c);
}

template <class T>
void add_weight_sums(int64_t c, T* sums, int64_t count, T* dw) {
  add_in_tree(sums, weight_sum_size<T>(c), count);
  kernels::depthwise_3x3_weights<T>().unpack(sums, dw, c);
}

template void pack(const DepthwisePlan&, const float*, float*);
template void pack(const DepthwisePlan&, const double*, double*);
template void forward_row(const DepthwisePlan&, const float*, const float*, const float*, Activation, int64_t, bool,
                          float*);
template void forward_row(const DepthwisePlan&, const double*, const double*, const double*, Activation, int64_t, bool,
                          double*);
template void pack_for_gradient(const DepthwisePlan&, const float*, float*);
template void pack_for_gradient(const DepthwisePlan&, const double*, double*);
template void input_gradient_row(const DepthwisePlan&, const float*, const float*, int64_t, bool, float*);
template void input_gradient_row(const DepthwisePlan&, const double*, const double*, int64_t, bool, double*);
template void add_weight_rows(const DepthwisePlan&, const float*, const float*, float*, int64_t, int64_t);
template void add_weight_rows(const DepthwisePlan&, const double*, const double*, double*, int64_t, int64_t);

template int64_t weight_sum_size<float>(int64_t);
template int64_t weight_sum_size<double>(int64_t);
template void add_weight_sums(int64_t, float*, int64_t, float*);
template void add_weight_sums(int64_t, double*, int64_t, double*);

}  // namespace juanji::depthwise_3x3
