#include "kernels/batch_norm.hpp"

#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

constexpr int kTile = 4;             // vectors of columns whose sums stay in registers
constexpr int64_t kBlockRows = 64;   // rows summed in the type of x before they are added to a double
constexpr int64_t kChunkCols = 128;  // columns that are walked over together

// Columns of kVectors vectors each; the last vector of a row may have fewer lanes.
template <int kVectors>
struct Tile {
  static constexpr int kCount = kVectors;
};

// body(first column, tile, lanes)
template <class T, class Body>
JUANJI_INLINE void for_tiles(int64_t cols, Body body) {
  int64_t c = 0;
  for (; c + kTile * kWidth<T> <= cols; c += kTile * kWidth<T>) body(c, Tile<kTile>{}, AllLanes<T>{});
  for (; c + kWidth<T> <= cols; c += kWidth<T>) body(c, Tile<1>{}, AllLanes<T>{});
  if (c < cols) body(c, Tile<1>{}, FirstLanes<T>{cols - c});
}

// body(first column, columns, first row, rows): all blocks of rows of a chunk of columns, then the next chunk
template <class Body>
JUANJI_INLINE void for_blocks(int64_t rows, int64_t cols, Body body) {
  for (int64_t c = 0; c < cols; c += kChunkCols) {
    const int64_t width = cols - c < kChunkCols ? cols - c : kChunkCols;
    for (int64_t r = 0; r < rows; r += kBlockRows) body(c, width, r, rows - r < kBlockRows ? rows - r : kBlockRows);
  }
}

// The columns' sums over a block of rows: of x - shift and of its square.
template <class T>
struct BlockSums {
  T shift[kChunkCols];
  T sum[kChunkCols];
  T square[kChunkCols];
};

template <class T, int V, class Lanes>
JUANJI_INLINE void mean_of_rows(const T* x, int64_t rows, int64_t stride, Lanes lanes, T* mean) {
  Vec<T> sum[V] = {};
  for (int64_t r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[v] += lanes.load(x + r * stride + v * kWidth<T>);
  }
  for (int v = 0; v < V; ++v) lanes.store(mean + v * kWidth<T>, sum[v] / static_cast<T>(rows));
}

template <class T, int V, class Lanes>
JUANJI_INLINE void sum_differences(const T* x, int64_t rows, int64_t stride, Lanes lanes, int64_t c,
                                   BlockSums<T>& block) {
  constexpr int W = kWidth<T>;
  Vec<T> shift[V], sum[V] = {}, square[V] = {};
  for (int v = 0; v < V; ++v) shift[v] = lanes.load(block.shift + c + v * W);
  for (int64_t r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Vec<T> d = lanes.load(x + r * stride + v * W) - shift[v];
      sum[v] += d;
      square[v] += d * d;
    }
  }
  for (int v = 0; v < V; ++v) {
    lanes.store(block.sum + c + v * W, sum[v]);
    lanes.store(block.square + c + v * W, square[v]);
  }
}

// Adds a block of rows to the mean and the squares of the `before` rows above it: Chan, Golub and LeVeque, "Algorithms
// for computing the sample variance", 1983.
template <class T>
JUANJI_INLINE void merge_block(const BlockSums<T>& block, int64_t rows, int64_t before, int64_t cols, double* mean,
                               double* squares) {
  const double inverse = 1.0 / static_cast<double>(rows);
  const double share = static_cast<double>(rows) / static_cast<double>(before + rows);
  const double weight = share * static_cast<double>(before);
  for (int64_t c = 0; c < cols; ++c) {
    const double sum = static_cast<double>(block.sum[c]);
    const double offset = sum * inverse;
    const double own = static_cast<double>(block.square[c]) - sum * offset;
    const double distance = static_cast<double>(block.shift[c]) + offset - mean[c];
    squares[c] += (own < 0 ? 0 : own) + distance * distance * weight;  // rounding may leave less than nothing
    mean[c] += distance * share;
  }
}

// Differences are taken from the mean of the rows above, of the first block from its own. If a block lies a distance D
// away from them, rounding errors are some eps · rows · D², but then the squares of all rows are at least rows · D²
// / 2.
template <class T>
void moments(const T* x, int64_t rows, int64_t stride, int64_t cols, double* mean, double* squares) {
  for (int64_t c = 0; c < cols; ++c) mean[c] = squares[c] = 0;
  BlockSums<T> block;
  for_blocks(rows, cols, [&](int64_t first, int64_t width, int64_t r, int64_t n) {
    const T* corner = x + r * stride + first;
    if (r == 0) {
      for_tiles<T>(width, [&](int64_t c, auto tile, auto lanes) {
        mean_of_rows<T, decltype(tile)::kCount>(corner + c, n, stride, lanes, block.shift + c);
      });
    } else {
      for (int64_t c = 0; c < width; ++c) block.shift[c] = static_cast<T>(mean[first + c]);
    }
    for_tiles<T>(width, [&](int64_t c, auto tile, auto lanes) {
      sum_differences<T, decltype(tile)::kCount>(corner + c, n, stride, lanes, c, block);
    });
    merge_block(block, n, r, width, mean + first, squares + first);
  });
}

template <class T>
JUANJI_INLINE Vec<T> affine(Vec<T> x, Vec<T> mean, Vec<T> scale, Vec<T> shift) {
  return (x - mean) * scale + shift;
}

template <class T, bool kRelu, bool kResidual>
void apply_rows(const T* x, const T* residual, const T* mean, const T* scale, const T* shift, T* y, int64_t n,
                int64_t cols) {
  for (int64_t begin = 0; begin < n; begin += cols) {
    for_vectors<T>(n - begin < cols ? n - begin : cols, [&](int64_t c, auto lanes) {
      Vec<T> v =
          affine<T>(lanes.load(x + begin + c), lanes.load(mean + c), lanes.load(scale + c), lanes.load(shift + c));
      if constexpr (kResidual) v += lanes.load(residual + begin + c);
      lanes.store(y + begin + c, kRelu ? max(zero<T>(), v) : v);
    });
  }
}

template <class T>
void apply(bool relu, const T* x, const T* residual, const T* mean, const T* scale, const T* shift, T* y, int64_t n,
           int64_t cols) {
  if (residual != nullptr) {
    return relu ? apply_rows<T, true, true>(x, residual, mean, scale, shift, y, n, cols)
                : apply_rows<T, false, true>(x, residual, mean, scale, shift, y, n, cols);
  }
  return relu ? apply_rows<T, true, false>(x, residual, mean, scale, shift, y, n, cols)
              : apply_rows<T, false, false>(x, residual, mean, scale, shift, y, n, cols);
}

enum class Mask { none, output, input };

// dz of the vector at element `at` of dy and y, and column c; v is that of x.
template <class T, Mask kMask, class Lanes>
JUANJI_INLINE Vec<T> masked(const T* dy, Vec<T> v, Vec<T> center, BatchNormMask<T> mask, int64_t at, int64_t c,
                            Lanes lanes) {
  const Vec<T> d = lanes.load(dy + at);
  if constexpr (kMask == Mask::output) return lanes.load(mask.y + at) > zero<T>() ? d : zero<T>();
  if constexpr (kMask == Mask::input) {
    return affine<T>(v, center, lanes.load(mask.scale + c), lanes.load(mask.shift + c)) > zero<T>() ? d : zero<T>();
  }
  return d;
}

template <class T, int V, Mask kMask, bool kKeep, class Lanes>
JUANJI_INLINE void sum_products(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, T* dz, int64_t first,
                                int64_t rows, int64_t stride, int64_t c, Lanes lanes, T* sum, T* dot) {
  constexpr int W = kWidth<T>;
  Vec<T> center[V], sums[V] = {}, dots[V] = {};
  for (int v = 0; v < V; ++v) center[v] = lanes.load(mean + c + v * W);
  for (int64_t r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int64_t at = first + r * stride + c + v * W;
      const Vec<T> value = lanes.load(x + at);
      const Vec<T> d = masked<T, kMask>(dy, value, center[v], mask, at, c + v * W, lanes);
      if constexpr (kKeep) lanes.store(dz + at, d);
      sums[v] += d;
      dots[v] += d * (value - center[v]);
    }
  }
  for (int v = 0; v < V; ++v) {
    lanes.store(sum + v * W, sums[v]);
    lanes.store(dot + v * W, dots[v]);
  }
}

template <class T, Mask kMask, bool kKeep>
void sum_rows(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, T* dz, int64_t rows, int64_t stride,
              int64_t cols, double* sum, double* dot) {
  for (int64_t c = 0; c < cols; ++c) sum[c] = dot[c] = 0;
  T block_sum[kChunkCols], block_dot[kChunkCols];
  for_blocks(rows, cols, [&](int64_t first, int64_t width, int64_t r, int64_t n) {
    for_tiles<T>(width, [&](int64_t c, auto tile, auto lanes) {
      sum_products<T, decltype(tile)::kCount, kMask, kKeep>(dy, x, mean, mask, dz, r * stride, n, stride, first + c,
                                                            lanes, block_sum + c, block_dot + c);
    });
    for (int64_t c = 0; c < width; ++c) {
      sum[first + c] += static_cast<double>(block_sum[c]);
      dot[first + c] += static_cast<double>(block_dot[c]);
    }
  });
}

template <class T, Mask kMask>
void sum_rows_of(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, T* dz, int64_t rows, int64_t stride,
                 int64_t cols, double* sum, double* dot) {
  return dz != nullptr ? sum_rows<T, kMask, true>(dy, x, mean, mask, dz, rows, stride, cols, sum, dot)
                       : sum_rows<T, kMask, false>(dy, x, mean, mask, dz, rows, stride, cols, sum, dot);
}

template <class T>
void gradient_sums(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, T* dz, int64_t rows, int64_t stride,
                   int64_t cols, double* sum, double* dot) {
  if (mask.y != nullptr) return sum_rows_of<T, Mask::output>(dy, x, mean, mask, dz, rows, stride, cols, sum, dot);
  if (mask.scale != nullptr) return sum_rows_of<T, Mask::input>(dy, x, mean, mask, dz, rows, stride, cols, sum, dot);
  sum_rows_of<T, Mask::none>(dy, x, mean, mask, dz, rows, stride, cols, sum, dot);
}

template <class T, Mask kMask>
void gradient_rows(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, const T* a, const T* b, const T* d,
                   T* dx, int64_t n, int64_t cols) {
  for (int64_t begin = 0; begin < n; begin += cols) {
    for_vectors<T>(n - begin < cols ? n - begin : cols, [&](int64_t c, auto lanes) {
      const Vec<T> value = lanes.load(x + begin + c), center = lanes.load(mean + c);
      const Vec<T> dz = masked<T, kMask>(dy, value, center, mask, begin + c, c, lanes);
      lanes.store(dx + begin + c, lanes.load(a + c) * dz + (lanes.load(b + c) * (value - center) + lanes.load(d + c)));
    });
  }
}

template <class T>
void gradient(const T* dy, const T* x, const T* mean, BatchNormMask<T> mask, const T* a, const T* b, const T* d, T* dx,
              int64_t n, int64_t cols) {
  if (mask.y != nullptr) return gradient_rows<T, Mask::output>(dy, x, mean, mask, a, b, d, dx, n, cols);
  if (mask.scale != nullptr) return gradient_rows<T, Mask::input>(dy, x, mean, mask, a, b, d, dx, n, cols);
  gradient_rows<T, Mask::none>(dy, x, mean, mask, a, b, d, dx, n, cols);
}

}  // namespace

template <class T>
BatchNormTable<T> batch_norm() {
  return {&moments<T>, &apply<T>, &gradient_sums<T>, &gradient<T>};
}

template BatchNormTable<float> batch_norm<float>();
template BatchNormTable<double> batch_norm<double>();

}  // namespace juanji::kernels::JUANJI_ISA
