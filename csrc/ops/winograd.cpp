#include "ops/winograd.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "ops/winograd_plan.hpp"

// Tiles are transformed into 16 matrices, multiplied with 16 matrices of weights for a few output channels at a time,
// and the products transformed back. With many tiles a task owns rows of them and takes a block at a time: what a block
// reads and writes in between never leaves L2. With few, every task would read all weights for a handful of tiles;
// so all tiles are transformed first, and the tasks share out the weights.

namespace juanji {
namespace {

constexpr int64_t kWantedTasks = 32;                     // enough to share out evenly between many threads
constexpr int64_t kSharedBytes = int64_t{4} << 20;       // of all tiles' matrices, if tasks are to share them
constexpr int64_t kMostSharedBytes = int64_t{16} << 20;  // where a block of so many channels would not fit in L2
constexpr int64_t kLeastSharedTiles = 12;                // of a block then
constexpr double kFlopPerNanosecond = 40;

template <class T>
double flop(const WinogradPlan<T>& plan) {
  return 2.0 * static_cast<double>(plan.kMatrices * plan.tiles() * plan.conv.channels * plan.conv.y_channels);
}

// A task owns rows of tiles and transforms them itself. Few tiles: output channels are shared out as well.
template <class T>
void run_by_rows(const WinogradPlan<T>& plan, const T* packed) {
  const int64_t tiles =
      std::clamp(plan.tiles() / kWantedTasks, plan.kLeastTiles, std::max(plan.kLeastTiles, plan.block_tiles));
  const int64_t most = std::max<int64_t>(1, tiles / plan.tile_columns);
  const int64_t task_rows = ceil_div(plan.rows(), ceil_div(plan.rows(), most));
  const int64_t row_tasks = ceil_div(plan.rows(), task_rows);
  const int64_t parts = row_tasks >= kWantedTasks ? 1 : std::clamp<int64_t>(kWantedTasks / row_tasks, 1, plan.panels);
  const int64_t tasks = row_tasks * parts;
  parallel_for(tasks, flop(plan) / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t first_panel = task % parts * plan.panels / parts,
                  end_panel = (task % parts + 1) * plan.panels / parts;
    const int64_t row = task / parts * task_rows;
    const Buffer nowhere = plan.buffer(plan.conv.y_channels);
    const WinogradTiles<T> own(plan, row, std::min(row + task_rows, plan.rows()), nowhere.as<T>());
    const int64_t a_matrix = plan.a_matrix(plan.block_tiles);
    const Buffer a = plan.buffer(plan.kMatrices * a_matrix);
    WinogradProducts<T> products(plan, plan.block_tiles);
    const int64_t blocks = ceil_div(own.count(), plan.block_tiles);
    for (int64_t i = 0; i < blocks; ++i) {
      const int64_t first = own.count() * i / blocks;
      const int64_t length = own.count() * (i + 1) / blocks - first;
      own.transform(plan, first, length, a.as<T>(), a_matrix);
      for (int64_t p = first_panel; p < end_panel; p += plan.pass_panels) {
        products.run(a.as<T>(), a_matrix, packed, own.y.data() + first * (plan.conv.pooled ? 1 : 4), length, p,
                     std::min(p + plan.pass_panels, end_panel));
      }
    }
  });
}

// All tiles are transformed first; a task owns some output channels of a block of them.
template <class T>
void run_shared(const WinogradPlan<T>& plan, const T* packed) {
  const int64_t a_matrix = plan.a_matrix(plan.tiles());
  const Buffer a = plan.buffer(plan.kMatrices * a_matrix);
  const int64_t pixels = plan.conv.pooled ? 1 : 4;  // pointers of a tile
  std::vector<T*> y(static_cast<size_t>(plan.tiles() * pixels));
  const double row_cost = static_cast<double>(plan.tile_columns * plan.a_tile * plan.kMatrices) / 4;
  parallel_ranges(plan.rows(), ceil_div(plan.rows(), kWantedTasks), row_cost, [&](int64_t begin, int64_t end) {
    const WinogradTiles<T> own(plan, begin, end, nullptr);
    const int64_t first = begin * plan.tile_columns;
    own.transform(plan, 0, own.count(), a.as<T>() + first * plan.a_tile, a_matrix);
    std::copy(own.y.begin(), own.y.end(), y.begin() + first * pixels);
  });
  const int64_t passes = ceil_div(plan.panels, plan.pass_panels);
  const int64_t least = ceil_div(plan.tiles(), plan.kMostTiles);
  const int64_t most = std::max(least, plan.tiles() / kLeastSharedTiles);
  const int64_t blocks = std::clamp(ceil_div(kWantedTasks / 2, passes), least, most);
  const int64_t tasks = passes * blocks;
  parallel_for(tasks, flop(plan) / static_cast<double>(tasks) / kFlopPerNanosecond, [&](int64_t task, int) {
    const int64_t i = task % blocks, p = task / blocks * plan.pass_panels;
    const int64_t first = plan.tiles() * i / blocks, length = plan.tiles() * (i + 1) / blocks - first;
    const Buffer nowhere = plan.buffer(plan.conv.y_channels);
    std::vector<T*> to(y.begin() + first * pixels, y.begin() + (first + length) * pixels);
    std::replace(to.begin(), to.end(), static_cast<T*>(nullptr), nowhere.as<T>());
    WinogradProducts<T>(plan, length)
        .run(a.as<T>() + first * plan.a_tile, a_matrix, packed, to.data(), length, p,
             std::min(p + plan.pass_panels, plan.panels));
  });
}

template <class T>
int64_t matrix_bytes(const WinogradPlan<T>& plan) {
  return plan.bytes(plan.kMatrices * plan.a_matrix(plan.tiles()));
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
  if (std::min(conv.channels, conv.y_channels) < kWinogradChannels) return false;
  const WinogradPlan<T> plan(conv);
  return plan.block_tiles >= plan.kLeastTiles || matrix_bytes(plan) <= kMostSharedBytes;
}

template <class T>
bool winograd_wanted(int64_t channels, int64_t tiles, bool packed) {
  constexpr int64_t kPayingChannels = 32;
  const int64_t paying_tiles = packed ? 16 : 512;
  if (winograd_use() != WinogradUse::where_it_pays) return winograd_use() == WinogradUse::where_it_fits;
  return sizeof(T) == sizeof(float) && channels >= kPayingChannels && tiles >= paying_tiles;
}

template <class T>
bool winograd_chosen(const DirectConv<T>& conv, bool packed) {
  if (!winograd_serves(conv)) return false;
  const Phase& phase = conv.phases[0];
  const int64_t tiles = conv.images * ceil_div(phase.rows, 2) * ceil_div(phase.columns, 2);
  return winograd_wanted<T>(std::min(conv.channels, conv.y_channels), tiles, packed);
}

template <class T>
int64_t winograd_weights_size(const DirectConv<T>& conv) {
  return WinogradPlan<T>(conv).weights_size();
}

template <class T>
void winograd_pack(const DirectConv<T>& conv, const T* w, T* packed) {
  WinogradPlan<T>(conv).transform_weights(w, packed);
}

template <class T>
void winograd_conv_packed(const DirectConv<T>& conv, const T* packed) {
  const WinogradPlan<T> plan(conv);
  if (plan.tiles() == 0) return;
  const bool shared = plan.block_tiles < plan.kLeastTiles || matrix_bytes(plan) <= kSharedBytes;
  shared ? run_shared(plan, packed) : run_by_rows(plan, packed);
}

template <class T>
void winograd_conv(const DirectConv<T>& conv, const T* w) {
  const WinogradPlan<T> plan(conv);
  if (plan.tiles() == 0) return;
  const Buffer packed = plan.buffer(plan.weights_size());
  plan.transform_weights(w, packed.as<T>());
  winograd_conv_packed(conv, static_cast<const T*>(packed.as<T>()));
}

#define JUANJI_WINOGRAD_FOR(T)                                        \
  template bool winograd_wanted<T>(int64_t, int64_t, bool);           \
  template bool winograd_serves<T>(const DirectConv<T>&);             \
  template bool winograd_chosen<T>(const DirectConv<T>&, bool);       \
  template int64_t winograd_weights_size<T>(const DirectConv<T>&);    \
  template void winograd_pack<T>(const DirectConv<T>&, const T*, T*); \
  template void winograd_conv<T>(const DirectConv<T>&, const T*);     \
  template void winograd_conv_packed<T>(const DirectConv<T>&, const T*);
JUANJI_WINOGRAD_FOR(float)
JUANJI_WINOGRAD_FOR(double)
#undef JUANJI_WINOGRAD_FOR

}  // namespace juanji
