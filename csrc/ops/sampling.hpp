// How sums into the elements of images are cut for threads: by image, and where there are few, by channels as well.
#pragma once

#include <algorithm>
#include <cstdint>

namespace juanji {

constexpr int64_t kScatterTasks = 16;

struct ChannelCut {
  int64_t channels, blocks, width, tasks;

  ChannelCut(int64_t images, int64_t c) : channels(c) {
    const int64_t wanted = std::min(c, (kScatterTasks + images - 1) / std::max<int64_t>(images, 1));
    width = (c + std::max<int64_t>(wanted, 1) - 1) / std::max<int64_t>(wanted, 1);
    blocks = width == 0 ? 0 : (c + width - 1) / width;
    tasks = images * blocks;
  }
  int64_t image(int64_t task) const { return task / blocks; }
  int64_t first(int64_t task) const { return task % blocks * width; }
  int64_t count(int64_t task) const { return std::min(width, channels - first(task)); }
};

template <class T>
void clear_channels(T* x, int64_t pixels, int64_t channels, int64_t first, int64_t count) {
  for (int64_t i = 0; i < pixels; ++i) std::fill_n(x + i * channels + first, count, T{0});
}

}  // namespace juanji
