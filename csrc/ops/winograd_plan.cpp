#include "ops/winograd_plan.hpp"

#include "core/parallel.hpp"
#include "kernels/max_pool_2x2.hpp"

namespace juanji {
namespace {

template <class T>
kernels::WinogradWindow window_of(const WinogradPlan<T>& plan, int64_t image, int64_t row, int64_t column) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t h = plan.tile * row - conv.top, w = plan.tile * column - conv.left, side = plan.tile + 2;
  const auto inside = [&](int64_t pixels) { return static_cast<int32_t>(std::clamp<int64_t>(pixels, 0, side)); };
  return {((image * conv.h + h) * conv.w + w) * conv.channels, inside(-h), inside(conv.h - h), inside(-w),
          inside(conv.w - w)};
}

}  // namespace

template <class T>
WinogradPlan<T>::WinogradPlan(const DirectConv<T>& c, int64_t tile_side)
    : conv(c),
      transform(tile_side == 2 ? kernels::winograd_2x2<T>() : kernels::winograd_4x4<T>()),
      tile(transform.tile),
      matrices(transform.matrices) {
  const Phase& phase = conv.phases[0];
  tile_rows = ceil_div(conv.pooled ? phase.rows / 2 * 2 : phase.rows, tile);
  tile_columns = ceil_div(conv.pooled ? phase.columns / 2 * 2 : phase.columns, tile);
  const int64_t line = kLineBytes / bytes(1);
  panels = ceil_div(conv.y_channels, matrix.panel);
  pass_panels = std::clamp<int64_t>(kPassBytes / bytes(matrix.panel), 1, panels);
  a_tile = ceil_div(conv.channels, line) * line;
  c_matrix = pass_panels * matrix.panel;
  c_tile = matrices * c_matrix + line;
  const int64_t most = std::min(most_tiles(), kBlockBytes / bytes(matrices * a_tile + c_tile));
  block_tiles = most / matrix.tile_rows * matrix.tile_rows;
}

template <class T>
void WinogradPlan<T>::report(int64_t first, int64_t count, int64_t begin, int64_t end) const {
  if (conv.finished == nullptr) return;
  const Phase& phase = conv.phases[0];
  const int64_t columns = std::min(end * matrix.panel, conv.y_channels) - begin * matrix.panel;
  const int64_t image_tiles = tile_rows * tile_columns;
  for (int64_t t = first; t < first + count;) {
    const int64_t image = t / image_tiles, stop = std::min(first + count, (image + 1) * image_tiles);
    int64_t pixels = 0;
    for (; t < stop; ++t) {
      const int64_t row = t % image_tiles / tile_columns * tile, column = t % tile_columns * tile;
      pixels += std::min(tile, phase.rows - row) * std::min(tile, phase.columns - column);
    }
    (*conv.finished)(image, pixels * columns);
  }
}

template <class T>
void WinogradPlan<T>::transform_weights(const T* w, T* packed) const {
  const int64_t panel = matrix.panel;
  const int64_t outputs = conv.y_channels;
  parallel_for(panels, static_cast<double>(weight_matrix()) * 4, [&](int64_t p, int) {
    transform.weights({w + p * panel, conv.channels * outputs, outputs, conv.channels,
                       std::min(panel, outputs - p * panel), packed + p * matrices * weight_matrix(), weight_matrix()});
  });
}

template <class T>
WinogradTiles<T>::WinogradTiles(const WinogradPlan<T>& plan, int64_t begin, int64_t end, T* nowhere) {
  const DirectConv<T>& conv = plan.conv;
  const Phase& phase = conv.phases[0];
  const int64_t window = conv.pooled ? 2 : 1, side = plan.tile / window;
  const int64_t rows = phase.rows / window, columns = phase.columns / window;
  windows_.reserve(static_cast<size_t>((end - begin) * plan.tile_columns));
  y.resize(static_cast<size_t>((end - begin) * plan.tile_columns * plan.pixels()));
  T** to = y.data();
  for (const Part& part : split_rows(begin, end, plan.tile_rows)) {
    T* image = conv.y + part.image * conv.y_image;
    for (int64_t row = part.begin; row < part.end; ++row) {
      for (int64_t column = 0; column < plan.tile_columns; ++column) {
        windows_.push_back(window_of(plan, part.image, row, column));
        for (int64_t r = row * side; r < (row + 1) * side; ++r) {
          for (int64_t c = column * side; c < (column + 1) * side; ++c) {
            *to++ = r < rows && c < columns ? image + r * conv.y_row + c * conv.y_column : nowhere;
          }
        }
      }
    }
  }
}

template <class T>
void WinogradTiles<T>::transform(const WinogradPlan<T>& plan, int64_t first, int64_t length, T* a,
                                 int64_t a_matrix) const {
  const DirectConv<T>& conv = plan.conv;
  plan.transform.input({conv.x, windows_.data() + first, conv.w * conv.channels, conv.channels, conv.channels, length,
                        a, a_matrix, plan.a_tile});
}

template <class T>
WinogradProducts<T>::WinogradProducts(const WinogradPlan<T>& plan, int64_t most_tiles)
    : plan_(plan),
      most_tiles_(most_tiles),
      c_(plan.buffer(most_tiles * plan.c_tile)),
      pixels_(plan.buffer(plan.conv.pooled ? plan.tile * plan.tile * most_tiles * plan.c_matrix : 0)),
      a_rows_(static_cast<size_t>(most_tiles)) {
  for (int64_t t = 0; t < most_tiles; ++t) {
    c_rows_.push_back(c_.template as<T>() + t * plan.c_tile);
    if (!plan.conv.pooled) continue;
    // Rows of pixels, so that neighbouring tiles are pooled as one row.
    for (int64_t row = 0; row < plan.tile; ++row) {
      T* first = pixels_.template as<T>() + (row * most_tiles + t) * plan.tile * plan.c_matrix;
      for (int64_t column = 0; column < plan.tile; ++column) pixel_rows_.push_back(first + column * plan.c_matrix);
    }
  }
}

template <class T>
void WinogradProducts<T>::run(const T* a, int64_t a_matrix, const T* packed, T* const* y, int64_t tiles, int64_t first,
                              int64_t end) {
  const DirectConv<T>& conv = plan_.conv;
  const int64_t column = first * plan_.matrix.panel;
  const int64_t columns = std::min(end * plan_.matrix.panel, conv.y_channels) - column;
  const int64_t whole = ceil_div(columns, plan_.matrix.width) * plan_.matrix.width;  // the packed ones behind are zero
  for (int64_t t = 0; t < tiles; ++t) a_rows_[static_cast<size_t>(t)] = a + t * plan_.a_tile;
  for (int64_t m = 0; m < plan_.matrices; ++m) {
    const kernels::Run run{m * a_matrix, m * plan_.weight_matrix(), conv.channels};
    kernels::RowsProduct<T> product{a_rows_.data(),
                                    c_rows_.data(),
                                    m * plan_.c_matrix,
                                    tiles,
                                    whole,
                                    &run,
                                    1,
                                    packed + first * plan_.matrices * plan_.weight_matrix(),
                                    plan_.matrices * plan_.weight_matrix(),
                                    kernels::Start::zero,
                                    nullptr,
                                    Activation::none};
    plan_.matrix.multiply_rows(product);
  }
  plan_.transform.output({c_.template as<T>(), plan_.c_matrix, plan_.c_tile, tiles, columns,
                          conv.pooled ? pixel_rows_.data() : y, conv.pooled ? 0 : column,
                          conv.bias == nullptr ? nullptr : conv.bias + column, conv.activation, conv.add});
  if (conv.pooled) pool(y, tiles, column, columns);
}

template <class T>
void WinogradProducts<T>::pool(T* const* y, int64_t tiles, int64_t column, int64_t columns) const {
  const DirectConv<T>& conv = plan_.conv;
  const int64_t side = plan_.tile / 2;
  const T* pixels = pixels_.template as<T>();
  const int64_t pixel_row = most_tiles_ * plan_.tile * plan_.c_matrix;
  for (int64_t row = 0; row < side; ++row) {
    const auto pooled = [&](int64_t i) { return y[(i / side * side + row) * side + i % side]; };
    for (int64_t i = 0, end; i < tiles * side; i = end) {
      T* to = pooled(i);
      end = i + 1;
      if (to == nullptr) continue;
      while (end < tiles * side && pooled(end) == to + (end - i) * conv.y_column) ++end;
      const T* from = pixels + 2 * row * pixel_row + 2 * i * plan_.c_matrix;
      kernels::max_pool_2x2<T>().row({from, from + pixel_row, plan_.c_matrix, to + column,
                                      conv.argmax == nullptr ? nullptr : conv.argmax + (to + column - conv.y),
                                      conv.y_column, end - i, columns});
    }
  }
}

template struct WinogradPlan<float>;
template struct WinogradPlan<double>;
template class WinogradTiles<float>;
template class WinogradTiles<double>;
template class WinogradProducts<float>;
template class WinogradProducts<double>;

}  // namespace juanji
