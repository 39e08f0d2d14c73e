#include "kernels/depthwise.hpp"

#include "kernels/depthwise_ring.hpp"
#include "simd/activate.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// Sums in registers. Weight gradients leave more of them: compilers keep gradients there too.
constexpr int kOutputs = 14, kTaps = 10;

// One phase of one output row, a line of channels: what its outputs read.
template <class T>
struct Phase {
  RingWalk rows;
  const T* x_tap;  // of the ring's first row: tap 0 of output 0
  const T* w;
  const T* b;  // a line, or null
  int64_t row_count, taps;
  int64_t x_row_size, w_row_step, w_tap_step, x_tap_step;
  int64_t step;  // elements from one output's pixels to the next one's
  Vec<T> lowest;
  const T* next;  // pixels to fetch meanwhile, next_step elements apart: `fetched` for each output
  int64_t next_step, fetched;
};

// R outputs of H vectors, y_step elements apart. kStep, where not zero, is the phase's step in lines.
template <class T, int R, int H, int kStep>
JUANJI_INLINE void outputs(const Phase<T>& p, int64_t at, int h, T* y, int64_t y_step) {
  const int64_t step = kStep ? kStep * kLine<T> : p.step;
  Vec<T> sum[R][H];
  for (int k = 0; k < H; ++k) {
    const Vec<T> bias = p.b ? load(p.b + (h + k) * kWidth<T>) : zero<T>();
    for (int r = 0; r < R; ++r) sum[r][k] = bias;
  }
  // Copies: what is stored might otherwise change them, for all that the compiler knows.
  const int64_t row_count = p.row_count, taps = p.taps, w_tap_step = p.w_tap_step, x_tap_step = p.x_tap_step;
  RingWalk rows = p.rows;
  const T* w_row = p.w + h * kWidth<T>;
  for (int64_t v = 0; v < row_count; ++v, rows.next(), w_row += p.w_row_step) {
    const T* x = p.x_tap + rows.at * p.x_row_size + at * step + h * kWidth<T>;
    const T* w = w_row;
    for (int64_t u = 0; u < taps; ++u, x += x_tap_step, w += w_tap_step) add_products(sum, x, step, w);
  }
  for (int r = 0; r < R; ++r) {
    for (int k = 0; k < H; ++k) store(y + r * y_step + (h + k) * kWidth<T>, max(p.lowest, sum[r][k]));
  }
}

template <class T, int kStep>
void phase_outputs(const Phase<T>& p, int64_t count, int vectors, T* y, int64_t y_step) {
  for_groups<kOutputs>(
      count, [&](int64_t at, auto size) __attribute__((always_inline)) {
        constexpr int R = decltype(size)::value, H = vectors_at_once<T>(R, kOutputs);
        fetch(p.next + at * p.fetched * p.next_step, p.next_step, R * p.fetched);
        for (int h = 0; h < vectors; h += H) outputs<T, R, H, kStep>(p, at, h, y + at * y_step, y_step);
      });
}

// Activations that take more than a maximum with zero, on outputs that are still in the cache.
template <class T>
void activate_lines(Activation activation, T* y, int64_t step, int64_t count, int64_t n) {
  if (activation == Activation::none || activation == Activation::relu) return;
  for (int64_t t = 0; t < count; ++t) {
    for_vectors<T>(
        n, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
          lanes.store(y + t * step + i, activate<T>(activation, lanes.load(y + t * step + i)));
        });
  }
}

// A row of outputs of a line of channels into y, whose pixels are y_step elements apart.
template <class T>
void line_row(const DepthwiseBand<T>& band, const DepthwiseTaps& rows, const BandMemory<T, DepthwiseBand<T>>& memory,
              const T* b, int vectors, const T* next, T* y, int64_t y_step) {
  const DepthwiseSlide& slide = band.slide;
  const bool relu = band.activation == Activation::relu || band.activation == Activation::relu6;
  const Vec<T> lowest = broadcast<T>(relu ? T(0) : -static_cast<T>(__builtin_inf()));
  for (int64_t p = 0; p < slide.phases; ++p) {
    const DepthwiseTaps& columns = slide.columns[p];
    const Phase<T> phase{RingWalk(slide, rows),
                         memory.ring + columns.source * kLine<T>,
                         memory.weights + (rows.first * slide.kw + columns.first) * kLine<T>,
                         b,
                         rows.count,
                         columns.count,
                         slide.pixels * kLine<T>,
                         rows.step * slide.kw * kLine<T>,
                         columns.step * kLine<T>,
                         columns.source_step * kLine<T>,
                         slide.step * kLine<T>,
                         lowest,
                         next,
                         band.c,
                         p == 0 ? slide.step : 0};
    const int64_t count = (slide.count - p + slide.phases - 1) / slide.phases;
    const auto make = slide.step == 1   ? phase_outputs<T, 1>
                      : slide.step == 2 ? phase_outputs<T, 2>
                                        : phase_outputs<T, 0>;
    make(phase, count, vectors, y + p * y_step, slide.phases * y_step);
  }
}

template <class T>
void band(const DepthwiseBand<T>& band) {
  const DepthwiseSlide& slide = band.slide;
  BandMemory<T, DepthwiseBand<T>> memory(band);
  T bias[kLine<T>] = {};
  for_lines<T>(band.first, band.last, [&](int64_t i, int64_t n, int vectors) {
    gather_lines(band.w + i, band.c, memory.weights, slide.kh * slide.kw, n);
    if (band.b) gather_lines(band.b + i, 0, bias, 1, n);
    memory.begin(i, n);
    for (int64_t row = 0; row < slide.row_count; ++row) {
      memory.hold(row);
      T* y = band.y + row * band.y_row_step + i;
      const bool whole = n == kLine<T>;
      T* to = whole ? y : memory.outputs;
      const int64_t step = whole ? band.c : kLine<T>;
      line_row(band, slide.rows[row], memory, band.b ? bias : nullptr, vectors, memory.next(row), to, step);
      activate_lines(band.activation, to, step, slide.count, n);
      if (!whole) scatter_lines(to, y, band.c, slide.count, n);
    }
  });
}

// Sums of U taps of one kernel row over the outputs of a row, H vectors at once.
template <class T, int U, int H, int kStep>
JUANJI_INLINE void tap_sums(const T* x, int64_t x_tap_step, int64_t x_step, const T* dy, int64_t count, T* dw) {
  const int64_t step = kStep ? kStep * kLine<T> : x_step;
  Vec<T> sum[U][H];
  for (int u = 0; u < U; ++u) {
    for (int k = 0; k < H; ++k) sum[u][k] = load(dw + u * kLine<T> + k * kWidth<T>);
  }
  for (int64_t t = 0; t < count; ++t, x += step, dy += kLine<T>) add_products(sum, x, x_tap_step, dy);
  for (int u = 0; u < U; ++u) {
    for (int k = 0; k < H; ++k) store(dw + u * kLine<T> + k * kWidth<T>, sum[u][k]);
  }
}

template <class T, int kTapStep, int kStep>
void kernel_row_sums(const DepthwiseTaps& columns, int vectors, const T* x, int64_t x_step, const T* dy, int64_t count,
                     T* dw) {
  const int64_t tap_step = (kTapStep ? kTapStep : columns.source_step) * kLine<T>;
  for_groups<kTaps>(
      columns.count, [&](int64_t u, auto size) __attribute__((always_inline)) {
        constexpr int U = decltype(size)::value, H = vectors_at_once<T>(U, kTaps);
        for (int h = 0; h < vectors; h += H) {
          tap_sums<T, U, H, kStep>(x + u * tap_step + h * kWidth<T>, tap_step, x_step, dy + h * kWidth<T>, count,
                                   dw + u * kLine<T> + h * kWidth<T>);
        }
      });
}

template <class T>
void weight_band(const DepthwiseWeightBand<T>& band) {
  const DepthwiseSlide& slide = band.slide;
  const DepthwiseTaps& columns = slide.columns[0];
  BandMemory<T, DepthwiseWeightBand<T>> memory(band);
  const auto add = columns.source_step != 1 ? kernel_row_sums<T, 0, 0>
                   : slide.step == 1        ? kernel_row_sums<T, 1, 1>
                                            : kernel_row_sums<T, 1, 0>;
  for_lines<T>(band.first, band.last, [&](int64_t i, int64_t n, int vectors) {
    gather_lines(band.dw + i, band.c, memory.weights, slide.kh * slide.kw, n);
    memory.begin(i, n);
    for (int64_t row = 0; row < slide.row_count; ++row) {
      memory.hold(row);
      gather_lines(band.dy + row * band.dy_row_step + i, band.c, memory.outputs, slide.count, n);
      const DepthwiseTaps& rows = slide.rows[row];
      RingWalk walk(slide, rows);
      fetch(memory.next(row), band.c, slide.width);
      for (int64_t v = 0; v < rows.count; ++v, walk.next()) {
        add(columns, vectors, memory.ring + (walk.at * slide.pixels + columns.source) * kLine<T>, slide.step * kLine<T>,
            memory.outputs, slide.count, memory.weights + ((rows.first + v) * slide.kw + columns.first) * kLine<T>);
      }
    }
    scatter_lines(memory.weights, band.dw + i, band.c, slide.kh * slide.kw, n);
  });
}

template <class T>
void accumulate(T* a, const T* b, int64_t n) {
  for_channels<T>(
      n, 0, [&](int64_t i, auto lanes) __attribute__((always_inline)) {
        lanes.store(a + i, lanes.load(a + i) + lanes.load(b + i));
      });
}

// M, where not zero, is the number of copies: the compiler then interleaves vectors.
template <class T, int M>
void repeat_times(const T* __restrict x, T* __restrict y, int64_t n, int64_t m) {
  const int64_t copies = M ? M : m;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < copies; ++j) y[i * copies + j] = x[i];
  }
}

template <class T>
void repeat(const T* x, T* y, int64_t n, int64_t m) {
  switch (m) {
    case 2: return repeat_times<T, 2>(x, y, n, m);
    case 3: return repeat_times<T, 3>(x, y, n, m);
    case 4: return repeat_times<T, 4>(x, y, n, m);
    default: return repeat_times<T, 0>(x, y, n, m);
  }
}

template <class T, int M>
void sum_groups_of(const T* __restrict x, T* __restrict y, int64_t n, int64_t m) {
  const int64_t size = M ? M : m;
  for (int64_t i = 0; i < n; ++i) {
    T sum = x[i * size];
    for (int64_t j = 1; j < size; ++j) sum += x[i * size + j];
    y[i] = sum;
  }
}

template <class T>
void sum_groups(const T* x, T* y, int64_t n, int64_t m) {
  switch (m) {
    case 2: return sum_groups_of<T, 2>(x, y, n, m);
    case 3: return sum_groups_of<T, 3>(x, y, n, m);
    case 4: return sum_groups_of<T, 4>(x, y, n, m);
    default: return sum_groups_of<T, 0>(x, y, n, m);
  }
}

}  // namespace

template <class T>
DepthwiseTable<T> depthwise() {
  return {&band<T>, &weight_band<T>, &accumulate<T>, &repeat<T>, &sum_groups<T>};
}

template DepthwiseTable<float> depthwise<float>();
template DepthwiseTable<double> depthwise<double>();

}  // namespace juanji::kernels::JUANJI_ISA
