#include "ops/winograd_plan.hpp"

#include "core/parallel.hpp"
#include "kernels/max_pool_2x2.hpp"

namespace juanji {

template <class T>
WinogradPlan<T>::WinogradPlan(const DirectConv<T>& c) : conv(c) {
  const Phase& phase = conv.phases[0];
  tile_rows = conv.pooled ? phase.rows / 2 : ceil_div(phase.rows, 2);
  tile_columns = conv.pooled ? phase.columns / 2 : ceil_div(phase.columns, 2);
  width = 2 * tile_columns + 2;
  in_place = conv.top == 0 && conv.left == 0 && width <= conv.w && 2 * tile_rows + 2 <= conv.h;
  if (in_place) width = conv.w;
  const int64_t line = kLineBytes / bytes(1);
  panels = ceil_div(conv.y_channels, matrix.panel);
  pass_panels = std::clamp<int64_t>(kPassBytes / bytes(matrix.panel), 1, panels);
  a_tile = ceil_div(conv.channels, line) * line;
  c_tile = pass_panels * matrix.panel;
  const int64_t most = std::min(kMostTiles, kBlockBytes / bytes(kMatrices * (a_tile + c_tile)));
  block_tiles = most / matrix.tile_rows * matrix.tile_rows;
}

template <class T>
void WinogradPlan<T>::transform_weights(const T* w, T* packed) const {
  const int64_t panel = matrix.panel;
  const int64_t outputs = conv.y_channels;
  parallel_for(panels, static_cast<double>(weight_matrix()) * 4, [&](int64_t p, int) {
    transform.weights({w + p * panel, conv.channels * outputs, outputs, conv.channels,
                       std::min(panel, outputs - p * panel), packed + p * kMatrices * weight_matrix(),
                       weight_matrix()});
  });
}

template <class T>
WinogradTiles<T>::WinogradTiles(const WinogradPlan<T>& plan, int64_t begin, int64_t end, T* nowhere) {
  const DirectConv<T>& conv = plan.conv;
  const Phase& phase = conv.phases[0];
  const std::vector<Part> parts = split_rows(begin, end, plan.tile_rows);
  int64_t halo_rows = 0;
  for (const Part& part : parts) halo_rows += 2 * (part.end - part.begin) + 2;
  const int64_t row_size = plan.width * conv.channels;
  halo_ = plan.buffer(plan.in_place ? 0 : halo_rows * row_size);
  T* next = halo_.template as<T>();
  for (const Part& part : parts) {
    const T* source = conv.x + part.image * conv.h * conv.w * conv.channels;
    if (plan.in_place) {
      source += 2 * part.begin * row_size;
    } else {
      const int64_t count = 2 * (part.end - part.begin) + 2;
      copy_with_halo(source, conv.h, conv.w, conv.channels, conv.top, conv.left, 2 * part.begin, count, plan.width,
                     next);
      source = next;
      next += count * row_size;
    }
    T* image = conv.y + part.image * conv.y_image;
    for (int64_t row = part.begin; row < part.end; ++row, source += 2 * row_size) {
      for (int64_t column = 0; column < plan.tile_columns; ++column) {
        x_.push_back(source + 2 * column * conv.channels);
        if (conv.pooled) {
          y.push_back(image + row * conv.y_row + column * conv.y_column);
          continue;
        }
        for (const int64_t r : {2 * row, 2 * row + 1}) {
          for (const int64_t c : {2 * column, 2 * column + 1}) {
            const bool exists = r < phase.rows && c < phase.columns;
            y.push_back(exists ? image + r * conv.y_row + c * conv.y_column : nowhere);
          }
        }
      }
    }
  }
}

template <class T>
void WinogradTiles<T>::transform(const WinogradPlan<T>& plan, int64_t first, int64_t length, T* a,
                                 int64_t a_matrix) const {
  const int64_t channels = plan.conv.channels;
  plan.transform.input(
      {x_.data() + first, plan.width * channels, channels, channels, length, a, a_matrix, plan.a_tile});
}

template <class T>
WinogradProducts<T>::WinogradProducts(const WinogradPlan<T>& plan, int64_t most_tiles)
    : plan_(plan),
      most_tiles_(most_tiles),
      c_(plan.buffer(plan.kMatrices * plan.c_matrix(most_tiles))),
      pixels_(plan.buffer(plan.conv.pooled ? 4 * most_tiles * plan.c_tile : 0)),
      a_rows_(static_cast<size_t>(most_tiles)) {
  for (int64_t t = 0; t < most_tiles; ++t) {
    c_rows_.push_back(c_.template as<T>() + t * plan.c_tile);
    if (!plan.conv.pooled) continue;
    // Two rows of pixels, so that neighbouring tiles are pooled as one row.
    for (const int64_t pixel : {2 * t, 2 * t + 1, 2 * (most_tiles + t), 2 * (most_tiles + t) + 1}) {
      pixel_rows_.push_back(pixels_.template as<T>() + pixel * plan.c_tile);
    }
  }
}

template <class T>
void WinogradProducts<T>::run(const T* a, int64_t a_matrix, const T* packed, T* const* y, int64_t tiles, int64_t first,
                              int64_t end) {
  const DirectConv<T>& conv = plan_.conv;
  const int64_t column = first * plan_.matrix.panel;
  const int64_t columns = std::min(end * plan_.matrix.panel, conv.y_channels) - column;
  const int64_t c_matrix = plan_.c_matrix(most_tiles_);
  for (int64_t t = 0; t < tiles; ++t) a_rows_[static_cast<size_t>(t)] = a + t * plan_.a_tile;
  for (int64_t m = 0; m < plan_.kMatrices; ++m) {
    const kernels::Run run{m * a_matrix, m * plan_.weight_matrix(), conv.channels};
    kernels::RowsProduct<T> product{a_rows_.data(),
                                    c_rows_.data(),
                                    m * c_matrix,
                                    tiles,
                                    columns,
                                    &run,
                                    1,
                                    packed + first * plan_.kMatrices * plan_.weight_matrix(),
                                    plan_.kMatrices * plan_.weight_matrix(),
                                    kernels::Start::zero,
                                    nullptr,
                                    Activation::none};
    plan_.matrix.multiply_rows(product);
  }
  plan_.transform.output({c_.template as<T>(), c_matrix, plan_.c_tile, tiles, columns,
                          conv.pooled ? pixel_rows_.data() : y, conv.pooled ? 0 : column,
                          conv.bias == nullptr ? nullptr : conv.bias + column, conv.activation});
  if (conv.pooled) pool(y, tiles, column, columns);
}

template <class T>
void WinogradProducts<T>::pool(T* const* y, int64_t tiles, int64_t column, int64_t columns) const {
  const DirectConv<T>& conv = plan_.conv;
  for (int64_t t = 0, end; t < tiles; t = end) {
    for (end = t + 1; end < tiles && y[end] == y[end - 1] + conv.y_column;) ++end;
    T* to = y[t] + column;
    kernels::max_pool_2x2<T>().row(
        {pixel_rows_[static_cast<size_t>(4 * t)], pixel_rows_[static_cast<size_t>(4 * t + 2)], plan_.c_tile, to,
         conv.argmax == nullptr ? nullptr : conv.argmax + (to - conv.y), conv.y_column, end - t, columns});
  }
}

template struct WinogradPlan<float>;
template struct WinogradPlan<double>;
template class WinogradTiles<float>;
template class WinogradTiles<double>;
template class WinogradProducts<float>;
template class WinogradProducts<double>;

}  // namespace juanji
