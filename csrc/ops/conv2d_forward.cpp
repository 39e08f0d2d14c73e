#include "ops/conv2d_forward.hpp"

#include <utility>

namespace juanji {

template <class T>
DirectConv<T> forward_conv(const WindowGeometry& g, int64_t channels, int64_t outputs, int64_t groups) {
  DirectConv<T> conv;
  conv.h = g.h;
  conv.w = g.w;
  conv.channels = channels;
  conv.top = g.top;
  conv.left = g.left;
  conv.sh = g.sh;
  conv.sw = g.sw;
  conv.y_image = g.oh * g.ow * outputs;
  conv.y_row = g.ow * outputs;
  conv.y_column = outputs;
  conv.y_channels = outputs;
  conv.groups = groups;
  Phase phase{g.oh, g.ow, 0, {}};
  for (int64_t p = 0; p < g.kh; ++p) {
    for (int64_t q = 0; q < g.kw; ++q) phase.taps.push_back({p * g.dh, q * g.dw});
  }
  conv.phases.push_back(std::move(phase));
  return conv;
}

WeightLayout forward_layout(const WindowGeometry& g, int64_t group_channels, int64_t outputs, int64_t groups) {
  WeightLayout layout{{}, outputs, 1, outputs / groups};
  for (int64_t tap = 0; tap < g.kh * g.kw; ++tap) layout.tap_offset.push_back(tap * group_channels * outputs);
  return layout;
}

template DirectConv<float> forward_conv<float>(const WindowGeometry&, int64_t, int64_t, int64_t);
template DirectConv<double> forward_conv<double>(const WindowGeometry&, int64_t, int64_t, int64_t);

}  // namespace juanji
