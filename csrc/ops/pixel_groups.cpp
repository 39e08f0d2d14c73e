#include "ops/pixel_groups.hpp"

#include <algorithm>

#include "kernels/matrix.hpp"
#include "ops/cut.hpp"

namespace juanji {
namespace {

constexpr double kLeastGain = 1.05;   // below, weights with zeros and wider windows are not worth it
constexpr int64_t kVectorBytes = 32;  // at most: with longer vectors the choice is the same, and with it the bits

// Columns of a window whose taps are rows of columns side by side; 0 for other windows.
int64_t window_columns(const std::vector<Tap>& taps) {
  size_t columns = 0;
  while (columns < taps.size() && taps[columns].h == taps[0].h) ++columns;
  for (size_t i = 0; i < taps.size(); ++i) {
    const Tap& first = taps[i - i % columns];
    if (first.w != taps[0].w || taps[i].h != first.h || taps[i].w != first.w + static_cast<int64_t>(i % columns)) {
      return 0;
    }
  }
  return static_cast<int64_t>(columns);
}

// The share of the machine's multiplications that end in a result, of r pixels with so many channels at a time.
template <class T>
double efficiency(int64_t channels, int64_t columns, int64_t r) {
  constexpr double kOneVector = 0.75, kSeveral = 0.9;  // of the peak, by vectors of a register tile
  const int64_t width = std::min(kernels::matrix<T>().width, kVectorBytes / static_cast<int64_t>(sizeof(T)));
  const int64_t vectors = ceil_div(r * channels, width);
  const double lanes = static_cast<double>(r * channels) / static_cast<double>(vectors * width);
  const double taps = static_cast<double>(columns) / static_cast<double>(columns + r - 1);
  return lanes * taps * (vectors == 1 ? kOneVector : kSeveral);
}

}  // namespace

template <class T>
int64_t pixels_together(const DirectConv<T>& conv) {
  if (conv.phases.size() != 1 || conv.groups != 1 || conv.sw != 1 || conv.pooled || conv.make_rows != nullptr) return 1;
  const Phase& phase = conv.phases[0];
  if (conv.y_channels == 0 || conv.y_column != conv.y_channels || phase.taps.empty()) return 1;
  const int64_t columns = window_columns(phase.taps);
  if (columns < 2) return 1;
  int64_t best = 1;
  double most = kLeastGain * efficiency<T>(conv.y_channels, columns, 1);
  for (int64_t r = 2; r * conv.y_channels <= kernels::matrix<T>().panel && r <= phase.columns; ++r) {
    if (phase.columns % r != 0) continue;
    const double own = efficiency<T>(conv.y_channels, columns, r);
    if (own <= most) continue;
    best = r;
    most = own;
  }
  return best;
}

template <class T>
PixelGroups<T>::PixelGroups(const DirectConv<T>& conv, const T* w, const WeightLayout& layout, int64_t pixels)
    : conv_(conv) {
  const Phase& phase = conv.phases[0];
  const int64_t columns = window_columns(phase.taps), wide = columns + pixels - 1;
  const int64_t rows = static_cast<int64_t>(phase.taps.size()) / columns;
  const int64_t outputs = conv.y_channels, size = conv.channels * pixels * outputs;
  Phase& group = conv_.phases[0];
  group.columns = phase.columns / pixels;
  group.taps.clear();
  conv_.sw = pixels;
  conv_.y_channels = conv_.y_column = pixels * outputs;
  layout_ = {{}, pixels * outputs, 1, 0};
  weights_ = Buffer(static_cast<size_t>(rows * wide * size) * sizeof(T));
  T* to = weights_.template as<T>();
  std::fill_n(to, rows * wide * size, T(0));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < wide; ++column) {
      const Tap& first = phase.taps[static_cast<size_t>(row * columns)];
      group.taps.push_back({first.h, first.w + column});
      layout_.tap_offset.push_back((row * wide + column) * size);
    }
    for (int64_t tap = row * columns; tap < (row + 1) * columns; ++tap) {
      const T* from = w + layout.tap_offset[static_cast<size_t>(tap)];
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        T* corner = to + (row * wide + tap % columns + pixel) * size + pixel * outputs;
        for (int64_t c = 0; c < conv.channels; ++c) {
          for (int64_t o = 0; o < outputs; ++o) {
            corner[c * pixels * outputs + o] = from[c * layout.channel_step + o * layout.output_step];
          }
        }
      }
    }
  }
  if (conv.bias == nullptr) return;
  bias_ = Buffer(static_cast<size_t>(pixels * outputs) * sizeof(T));
  for (int64_t i = 0; i < pixels * outputs; ++i) bias_.template as<T>()[i] = conv.bias[i % outputs];
  conv_.bias = bias_.template as<T>();
}

template int64_t pixels_together<float>(const DirectConv<float>&);
template int64_t pixels_together<double>(const DirectConv<double>&);
template class PixelGroups<float>;
template class PixelGroups<double>;

}  // namespace juanji
