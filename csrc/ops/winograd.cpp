#include "ops/winograd.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/matrix.hpp"
#include "kernels/max_pool_2x2.hpp"
#include "kernels/winograd.hpp"
#include "ops/halo.hpp"

// A task owns rows of tiles. It transforms a block of tiles into 16 matrices and then, for a few output channels at a
// time, multiplies them with 16 matrices of weights and transforms the products back: what a block reads and writes
// in between never leaves L2.

namespace juanji {
namespace {

constexpr int64_t kMatrices = kernels::kWinogradMatrices;
constexpr int64_t kLeastChannels = 16;       // of input and output
constexpr int64_t kBlockBytes = 288 * 1024;  // of the matrices of a block, beside weights and pixels in L2
constexpr int64_t kMostTiles = 96;           // of a block
constexpr int64_t kLeastTiles = 12;          // of a block: below, reading the weights would dominate
constexpr int64_t kPassBytes = 128;          // of the output channels computed at a time
constexpr int64_t kWantedTasks = 32;         // enough to share out evenly between many threads
constexpr int64_t kLineBytes = 64;
constexpr double kFlopPerNanosecond = 40;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t unit) { return ceil_div(a, unit) * unit; }

// Everything that depends on the shapes alone.
template <class T>
struct Plan {
  const DirectConv<T>& conv;
  const kernels::MatrixTable<T>& matrix = kernels::matrix<T>();
  const kernels::WinogradTable<T>& transform = kernels::winograd<T>();
  int64_t tile_rows;     // of an image
  int64_t tile_columns;  // of a row of tiles
  int64_t width;         // of a padded row
  bool in_place;         // no padding: the input itself serves
  int64_t panels;
  int64_t pass_panels;  // multiplied at a time
  int64_t a_tile;       // elements of a tile in each of its matrices
  int64_t c_tile;
  int64_t block_tiles;
  int64_t task_rows;  // rows of tiles
  int64_t row_tasks;
  int64_t panel_tasks;  // few tiles: output channels are shared out as well

  explicit Plan(const DirectConv<T>& c) : conv(c) {
    const Phase& phase = conv.phases[0];
    tile_rows = conv.pooled ? phase.rows / 2 : ceil_div(phase.rows, 2);
    tile_columns = conv.pooled ? phase.columns / 2 : ceil_div(phase.columns, 2);
    width = 2 * tile_columns + 2;
    in_place = conv.top == 0 && conv.left == 0 && width <= conv.w && 2 * tile_rows + 2 <= conv.h;
    if (in_place) width = conv.w;
    const int64_t line = kLineBytes / bytes(1);
    panels = ceil_div(conv.y_channels, matrix.panel);
    pass_panels = std::clamp<int64_t>(kPassBytes / bytes(matrix.panel), 1, panels);
    a_tile = round_up(conv.channels, line);
    c_tile = pass_panels * matrix.panel;
    const int64_t tiles = std::min(kMostTiles, kBlockBytes / bytes(kMatrices * (a_tile + c_tile)));
    block_tiles = tiles / matrix.tile_rows * matrix.tile_rows;
  }

  static int64_t bytes(int64_t elements) { return elements * static_cast<int64_t>(sizeof(T)); }

  void cut_tasks() {
    const int64_t rows = conv.images * tile_rows;
    const int64_t tiles = std::clamp(rows * tile_columns / kWantedTasks, kLeastTiles, block_tiles);
    task_rows = std::max<int64_t>(1, tiles / tile_columns);
    task_rows = ceil_div(rows, ceil_div(rows, task_rows));
    row_tasks = ceil_div(rows, task_rows);
    panel_tasks = row_tasks >= kWantedTasks ? 1 : std::clamp<int64_t>(kWantedTasks / row_tasks, 1, panels);
  }

  // Matrices lie a line more than a power of two apart: their elements would share a few sets of the cache.
  int64_t a_matrix() const { return block_tiles * a_tile + kLineBytes / bytes(1); }
  int64_t c_matrix() const { return block_tiles * c_tile + kLineBytes / bytes(1); }
  int64_t weight_matrix() const { return conv.channels * matrix.panel; }  // one of a panel's 16
};

template <class T>
void transform_weights(const Plan<T>& plan, const T* w, T* packed) {
  const int64_t panel = plan.matrix.panel;
  const int64_t outputs = plan.conv.y_channels;
  parallel_for(plan.panels, static_cast<double>(plan.weight_matrix()) * 4, [&](int64_t p, int) {
    plan.transform.weights({w + p * panel, plan.conv.channels * outputs, outputs, plan.conv.channels,
                            std::min(panel, outputs - p * panel), packed + p * kMatrices * plan.weight_matrix(),
                            plan.weight_matrix()});
  });
}

// The rows of tiles of one task: where each tile's pixels are read, and where they go.
template <class T>
struct Tiles {
  std::vector<const T*> x;
  std::vector<T*> y;  // pooled: one pixel a tile; otherwise four
};

template <class T>
Tiles<T> list_tiles(const Plan<T>& plan, const std::vector<Part>& parts, const std::vector<const T*>& sources,
                    T* nowhere) {
  const DirectConv<T>& conv = plan.conv;
  const Phase& phase = conv.phases[0];
  Tiles<T> tiles;
  for (size_t i = 0; i < parts.size(); ++i) {
    T* image = conv.y + parts[i].image * conv.y_image;
    for (int64_t row = parts[i].begin; row < parts[i].end; ++row) {
      const T* x = sources[i] + 2 * (row - parts[i].begin) * plan.width * conv.channels;
      for (int64_t column = 0; column < plan.tile_columns; ++column) {
        tiles.x.push_back(x + 2 * column * conv.channels);
        if (conv.pooled) {
          tiles.y.push_back(image + row * conv.y_row + column * conv.y_column);
          continue;
        }
        for (const int64_t r : {2 * row, 2 * row + 1}) {
          for (const int64_t c : {2 * column, 2 * column + 1}) {
            const bool exists = r < phase.rows && c < phase.columns;
            tiles.y.push_back(exists ? image + r * conv.y_row + c * conv.y_column : nowhere);
          }
        }
      }
    }
  }
  return tiles;
}

// Scratch of one task.
template <class T>
struct Scratch {
  Buffer a, c;
  Buffer pixels;                 // pooled: a pass of a block before pooling, four pixels a tile
  std::vector<const T*> a_rows;  // of the first of the 16 matrices; the others lie behind it
  std::vector<T*> c_rows;
  std::vector<T*> pixel_rows;

  explicit Scratch(const Plan<T>& plan)
      : a(static_cast<size_t>(Plan<T>::bytes(kMatrices * plan.a_matrix()))),
        c(static_cast<size_t>(Plan<T>::bytes(kMatrices * plan.c_matrix()))),
        pixels(plan.conv.pooled ? static_cast<size_t>(Plan<T>::bytes(4 * plan.block_tiles * plan.c_tile)) : 0) {
    for (int64_t t = 0; t < plan.block_tiles; ++t) {
      a_rows.push_back(a.template as<T>() + t * plan.a_tile);
      c_rows.push_back(c.template as<T>() + t * plan.c_tile);
      if (!plan.conv.pooled) continue;
      // Two rows of pixels, so that neighbouring tiles are pooled as one row.
      for (const int64_t pixel : {2 * t, 2 * t + 1, 2 * (plan.block_tiles + t), 2 * (plan.block_tiles + t) + 1}) {
        pixel_rows.push_back(pixels.template as<T>() + pixel * plan.c_tile);
      }
    }
  }
};

template <class T>
void pool_tiles(const Plan<T>& plan, const Scratch<T>& scratch, T* const* y, int64_t tiles, int64_t column,
                int64_t columns) {
  const DirectConv<T>& conv = plan.conv;
  for (int64_t t = 0, end; t < tiles; t = end) {
    for (end = t + 1; end < tiles && y[end] == y[end - 1] + conv.y_column;) ++end;
    T* to = y[t] + column;
    kernels::max_pool_2x2<T>().row({scratch.pixel_rows[static_cast<size_t>(4 * t)],
                                    scratch.pixel_rows[static_cast<size_t>(4 * t + 2)], plan.c_tile, to,
                                    conv.argmax == nullptr ? nullptr : conv.argmax + (to - conv.y), conv.y_column,
                                    end - t, columns});
  }
}

// The 16 products of a block with the panels of one pass, and what follows them.
template <class T>
void run_pass(const Plan<T>& plan, const Scratch<T>& scratch, const T* packed, T* const* y, int64_t tiles,
              int64_t first_panel, int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t column = first_panel * plan.matrix.panel;
  const int64_t columns = std::min(end_panel * plan.matrix.panel, conv.y_channels) - column;
  const T* b = packed + first_panel * kMatrices * plan.weight_matrix();
  for (int64_t m = 0; m < kMatrices; ++m) {
    const kernels::Run run{m * plan.a_matrix(), m * plan.weight_matrix(), conv.channels};
    kernels::RowsProduct<T> product{scratch.a_rows.data(),
                                    scratch.c_rows.data(),
                                    m * plan.c_matrix(),
                                    tiles,
                                    columns,
                                    &run,
                                    1,
                                    b,
                                    kMatrices * plan.weight_matrix(),
                                    kernels::Start::zero,
                                    nullptr,
                                    Activation::none};
    plan.matrix.multiply_rows(product);
  }
  plan.transform.output({scratch.c.template as<T>(), plan.c_matrix(), plan.c_tile, tiles, columns,
                         conv.pooled ? scratch.pixel_rows.data() : y, conv.pooled ? 0 : column,
                         conv.bias == nullptr ? nullptr : conv.bias + column, conv.activation});
  if (conv.pooled) pool_tiles(plan, scratch, y, tiles, column, columns);
}

template <class T>
void run_task(const Plan<T>& plan, const T* packed, int64_t row_task, int64_t first_panel, int64_t end_panel) {
  const DirectConv<T>& conv = plan.conv;
  const int64_t begin = row_task * plan.task_rows;
  const std::vector<Part> parts =
      split_rows(begin, std::min(begin + plan.task_rows, conv.images * plan.tile_rows), plan.tile_rows);
  int64_t halo_rows = 0;
  for (const Part& part : parts) halo_rows += 2 * (part.end - part.begin) + 2;
  const int64_t row_size = plan.width * conv.channels;
  const Buffer halo(plan.in_place ? 0 : static_cast<size_t>(Plan<T>::bytes(halo_rows * row_size)));
  T* next = halo.template as<T>();
  std::vector<const T*> sources;
  for (const Part& part : parts) {
    const T* image = conv.x + part.image * conv.h * conv.w * conv.channels;
    sources.push_back(plan.in_place ? image + 2 * part.begin * row_size : next);
    if (plan.in_place) continue;
    const int64_t rows = 2 * (part.end - part.begin) + 2;
    copy_with_halo(image, conv.h, conv.w, conv.channels, conv.top, conv.left, 2 * part.begin, rows, plan.width, next);
    next += rows * row_size;
  }

  const Buffer nowhere(static_cast<size_t>(Plan<T>::bytes(conv.y_channels)));
  const Tiles<T> tiles = list_tiles(plan, parts, sources, nowhere.template as<T>());
  const Scratch<T> scratch(plan);
  const auto count = static_cast<int64_t>(tiles.x.size());
  const int64_t blocks = ceil_div(count, plan.block_tiles);
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t first = count * i / blocks;
    const int64_t length = count * (i + 1) / blocks - first;
    plan.transform.input({tiles.x.data() + first, row_size, conv.channels, conv.channels, length,
                          scratch.a.template as<T>(), plan.a_matrix(), plan.a_tile});
    for (int64_t panel = first_panel; panel < end_panel; panel += plan.pass_panels) {
      run_pass(plan, scratch, packed, tiles.y.data() + first * (conv.pooled ? 1 : 4), length, panel,
               std::min(panel + plan.pass_panels, end_panel));
    }
  }
}

WinogradUse read_switch() {
  const char* value = std::getenv("JUANJI_WINOGRAD");
  const std::string text = value == nullptr ? "" : value;
  if (text == "1") return WinogradUse::where_it_fits;
  if (text == "0") return WinogradUse::off;
  if (text.empty()) return WinogradUse::where_it_pays;
  throw std::invalid_argument("JUANJI_WINOGRAD: unknown setting; expected 0 or 1, got JUANJI_WINOGRAD=" + text +
                              ". Unset it for the default.");
}

}  // namespace

WinogradUse winograd_use() {
  static const WinogradUse use = read_switch();
  return use;
}

template <class T>
bool winograd_serves(const DirectConv<T>& conv) {
  if (conv.phases.size() != 1 || conv.groups != 1 || conv.sh != 1 || conv.sw != 1) return false;
  const std::vector<Tap>& taps = conv.phases[0].taps;  // a regular grid: nine taps that end at (2, 2) are 3×3
  if (taps.size() != 9 || taps[8].h != 2 || taps[8].w != 2) return false;
  if (std::min(conv.channels, conv.y_channels) < kLeastChannels) return false;
  return Plan<T>(conv).block_tiles >= kLeastTiles;
}

template <class T>
bool winograd_wanted(int64_t channels, int64_t tiles) {
  constexpr int64_t kPayingChannels = 32;
  constexpr int64_t kPayingTiles = 512;
  if (winograd_use() != WinogradUse::where_it_pays) return winograd_use() == WinogradUse::where_it_fits;
  return sizeof(T) == sizeof(float) && channels >= kPayingChannels && tiles >= kPayingTiles;
}

template <class T>
bool winograd_chosen(const DirectConv<T>& conv) {
  if (!winograd_serves(conv)) return false;
  const Phase& phase = conv.phases[0];
  return winograd_wanted<T>(std::min(conv.channels, conv.y_channels),
                            conv.images * ceil_div(phase.rows, 2) * ceil_div(phase.columns, 2));
}

template <class T>
void winograd_conv(const DirectConv<T>& conv, const T* w) {
  Plan<T> plan(conv);
  if (conv.images == 0 || plan.tile_rows == 0 || plan.tile_columns == 0) return;
  plan.cut_tasks();
  const Buffer packed(static_cast<size_t>(Plan<T>::bytes(plan.panels * kMatrices * plan.weight_matrix())));
  transform_weights(plan, w, packed.template as<T>());
  const int64_t tiles = plan.task_rows * plan.tile_columns;
  const double flop = 2.0 * static_cast<double>(kMatrices * tiles * conv.channels * conv.y_channels);
  const auto parts = static_cast<double>(plan.panel_tasks);
  parallel_for(plan.row_tasks * plan.panel_tasks, flop / parts / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t part = task % plan.panel_tasks;
    run_task(plan, packed.template as<T>(), task / plan.panel_tasks, part * plan.panels / plan.panel_tasks,
             (part + 1) * plan.panels / plan.panel_tasks);
  });
}

template bool winograd_wanted<float>(int64_t, int64_t);
template bool winograd_wanted<double>(int64_t, int64_t);
template bool winograd_serves<float>(const DirectConv<float>&);
template bool winograd_serves<double>(const DirectConv<double>&);
template bool winograd_chosen<float>(const DirectConv<float>&);
template bool winograd_chosen<double>(const DirectConv<double>&);
template void winograd_conv<float>(const DirectConv<float>&, const float*);
template void winograd_conv<double>(const DirectConv<double>&, const double*);

}  // namespace juanji
