#include "ops/winograd.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/parallel.hpp"
#include "ops/winograd_choice.hpp"
#include "ops/winograd_plan.hpp"

// Tiles are transformed into matrices, multiplied with as many matrices of weights for a few output channels at a time,
// and the products transformed back. With many tiles a task owns rows of them and takes a block at a time: what a block
// reads and writes in between never leaves L2. With few, every task would read all weights for a handful of tiles;
// so all tiles are transformed first, and the tasks share out the weights.

namespace juanji {
namespace {

constexpr int64_t kWantedTasks = 32;                     // enough to share out evenly between many threads
constexpr int64_t kSharedBytes = int64_t{4} << 20;       // of all tiles' matrices, if tasks are to share them
constexpr int64_t kMostSharedBytes = int64_t{16} << 20;  // where a block of so many channels would not fit in L2
constexpr int64_t kTileUnit = 12;                        // of a block: whole register tiles of 3, 4 and 6 rows
constexpr double kFlopPerNanosecond = 40;

// A task owns rows of tiles and transforms them itself. Few tiles: output channels are shared out as well.
template <class T>
void run_by_rows(const WinogradPlan<T>& plan, const T* packed) {
  const int64_t tiles =
      std::clamp(plan.tiles() / kWantedTasks, plan.kLeastTiles, std::max(plan.kLeastTiles, plan.block_tiles));
  const int64_t unit = kTileUnit / std::gcd(kTileUnit, plan.tile_columns);
  const int64_t most = std::max<int64_t>(1, (tiles + plan.tile_columns / 2) / plan.tile_columns);
  const Cut rows(plan.rows(), most, most >= unit ? unit : 1);
  const int64_t parts = rows.count >= kWantedTasks ? 1 : std::clamp<int64_t>(kWantedTasks / rows.count, 1, plan.panels);
  const int64_t tasks = rows.count * parts;
  parallel_for(tasks, plan.flop() / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t first_panel = task % parts * plan.panels / parts,
                  end_panel = (task % parts + 1) * plan.panels / parts;
    const int64_t row = rows.begin(task / parts);
    const Buffer nowhere = plan.buffer(plan.conv.y_channels);
    const WinogradTiles<T> own(plan, row, row + rows.length(task / parts),
                               plan.conv.pooled ? nullptr : nowhere.as<T>());
    const int64_t a_matrix = plan.a_matrix(plan.block_tiles);
    const Buffer a = plan.buffer(plan.matrices * a_matrix);
    WinogradProducts<T> products(plan, plan.block_tiles);
    const Cut blocks(own.count(), plan.block_tiles, plan.block_tiles >= kTileUnit ? kTileUnit : 1);
    for (int64_t i = 0; i < blocks.count; ++i) {
      const int64_t first = blocks.begin(i), length = blocks.length(i);
      own.transform(plan, first, length, a.as<T>(), a_matrix);
      for (int64_t p = first_panel; p < end_panel; p += plan.pass_panels) {
        products.run(a.as<T>(), a_matrix, packed, own.y.data() + first * plan.pixels(), length, p,
                     std::min(p + plan.pass_panels, end_panel));
      }
      plan.report(row * plan.tile_columns + first, length, first_panel, end_panel);
    }
  });
}

// All tiles are transformed first; a task owns some output channels of a block of them.
template <class T>
void run_shared(const WinogradPlan<T>& plan, const T* packed) {
  const int64_t a_matrix = plan.a_matrix(plan.tiles());
  const Buffer a = plan.buffer(plan.matrices * a_matrix);
  const int64_t pixels = plan.pixels();
  std::vector<T*> y(static_cast<size_t>(plan.tiles() * pixels));
  const double row_cost = static_cast<double>(plan.tile_columns * plan.a_tile * plan.matrices) / 4;
  parallel_ranges(plan.rows(), ceil_div(plan.rows(), kWantedTasks), row_cost, [&](int64_t begin, int64_t end) {
    const WinogradTiles<T> own(plan, begin, end, nullptr);
    const int64_t first = begin * plan.tile_columns;
    own.transform(plan, 0, own.count(), a.as<T>() + first * plan.a_tile, a_matrix);
    std::copy(own.y.begin(), own.y.end(), y.begin() + first * pixels);
  });
  const int64_t passes = ceil_div(plan.panels, plan.pass_panels);
  const int64_t wanted = plan.tiles() / ceil_div(kWantedTasks / 2, passes);
  const Cut blocks(plan.tiles(), std::clamp(wanted, kTileUnit, plan.most_tiles()), kTileUnit);
  const int64_t tasks = passes * blocks.count;
  // Tasks beside each other, which mostly are one thread's, share what is larger: tiles, or weights.
  const bool by_tiles = plan.tiles() > plan.conv.y_channels;
  parallel_for(tasks, plan.flop() / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t i = by_tiles ? task / passes : task % blocks.count;
    const int64_t p = (by_tiles ? task % passes : task / blocks.count) * plan.pass_panels;
    const int64_t end_panel = std::min(p + plan.pass_panels, plan.panels);
    const int64_t first = blocks.begin(i), length = blocks.length(i);
    const Buffer nowhere = plan.buffer(plan.conv.y_channels);
    std::vector<T*> to(y.begin() + first * pixels, y.begin() + (first + length) * pixels);
    if (!plan.conv.pooled) std::replace(to.begin(), to.end(), static_cast<T*>(nullptr), nowhere.as<T>());
    WinogradProducts<T>(plan, length)
        .run(a.as<T>() + first * plan.a_tile, a_matrix, packed, to.data(), length, p, end_panel);
    plan.report(first, length, p, end_panel);
  });
}

template <class T>
int64_t matrix_bytes(const WinogradPlan<T>& plan) {
  return plan.bytes(plan.matrices * plan.a_matrix(plan.tiles()));
}

template <class T>
bool shares_tiles(const WinogradPlan<T>& plan) {
  if (plan.block_tiles < plan.kLeastTiles) return true;
  const bool one_pass = plan.panels <= plan.pass_panels;  // reads all weights but once, whoever owns the tiles
  if (one_pass && plan.tiles() >= kWantedTasks * plan.kLeastTiles) return false;
  return matrix_bytes(plan) <= kSharedBytes;
}

}  // namespace

template <class T>
bool winograd_serves(const DirectConv<T>& conv, int64_t tile) {
  if (conv.phases.size() != 1 || conv.groups != 1 || conv.sh != 1 || conv.sw != 1) return false;
  const std::vector<Tap>& taps = conv.phases[0].taps;  // a regular grid: nine taps that end at (2, 2) are 3×3
  if (taps.size() != 9 || taps[8].h != 2 || taps[8].w != 2) return false;
  if (std::min(conv.channels, conv.y_channels) < kWinogradChannels) return false;
  const WinogradPlan<T> plan(conv, tile);
  return plan.block_tiles >= plan.kLeastTiles || matrix_bytes(plan) <= kMostSharedBytes;
}

template <class T>
int64_t winograd_tile(const DirectConv<T>& conv, bool packed) {
  const bool fits_2 = winograd_serves(conv, 2), fits_4 = winograd_serves(conv, 4);
  if (!fits_2 && !fits_4) return 0;
  const Phase& phase = conv.phases[0];
  return winograd_tile({conv.images, phase.rows, phase.columns, conv.channels, conv.y_channels,
                        static_cast<int>(sizeof(T)), packed, fits_2, fits_4});
}

template <class T>
int64_t winograd_weights_size(const DirectConv<T>& conv, int64_t tile) {
  return WinogradPlan<T>(conv, tile).weights_size();
}

template <class T>
void winograd_pack(const DirectConv<T>& conv, int64_t tile, const T* w, T* packed) {
  WinogradPlan<T>(conv, tile).transform_weights(w, packed);
}

template <class T>
void winograd_conv_packed(const DirectConv<T>& conv, int64_t tile, const T* packed) {
  const WinogradPlan<T> plan(conv, tile);
  if (plan.tiles() == 0) return;
  shares_tiles(plan) ? run_shared(plan, packed) : run_by_rows(plan, packed);
}

template <class T>
void winograd_conv(const DirectConv<T>& conv, int64_t tile, const T* w) {
  const WinogradPlan<T> plan(conv, tile);
  if (plan.tiles() == 0) return;
  const Buffer packed = plan.buffer(plan.weights_size());
  plan.transform_weights(w, packed.as<T>());
  winograd_conv_packed(conv, tile, static_cast<const T*>(packed.as<T>()));
}

#define JUANJI_WINOGRAD_FOR(T)                                                 \
  template bool winograd_serves<T>(const DirectConv<T>&, int64_t);             \
  template int64_t winograd_tile<T>(const DirectConv<T>&, bool);               \
  template int64_t winograd_weights_size<T>(const DirectConv<T>&, int64_t);    \
  template void winograd_pack<T>(const DirectConv<T>&, int64_t, const T*, T*); \
  template void winograd_conv<T>(const DirectConv<T>&, int64_t, const T*);     \
  template void winograd_conv_packed<T>(const DirectConv<T>&, int64_t, const T*);
JUANJI_WINOGRAD_FOR(float)
JUANJI_WINOGRAD_FOR(double)
#undef JUANJI_WINOGRAD_FOR

}  // namespace juanji
