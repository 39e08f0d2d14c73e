#include "ops/histogram.hpp"

#include <algorithm>
#include <cmath>

#include "core/check.hpp"
#include "core/parallel.hpp"

namespace juanji {
namespace {

constexpr int64_t kTones = 256;
constexpr int64_t kPixels = 32768;  // elements a task counts or looks up
constexpr double kCost = 2.0;       // nanoseconds an element

// The whole part of v, from 0 to last; 0 for NaN.
template <class T>
int64_t whole_part(T v, int64_t last) {
  if (!(v > 0)) return 0;
  return v >= static_cast<T>(last) ? last : static_cast<int64_t>(v);
}

int64_t task_count(int64_t elements) { return (elements + kPixels - 1) / kPixels; }

// How often each bin occurs in each channel: (C, bins).
template <class T>
std::vector<int64_t> counts_of(const T* x, int64_t pixels, int64_t channels, int64_t bins) {
  const int64_t per_task = std::max<int64_t>(1, kPixels / channels), tasks = (pixels + per_task - 1) / per_task;
  const size_t size = static_cast<size_t>(channels * bins);
  std::vector<std::vector<int64_t>> parts(static_cast<size_t>(tasks));
  parallel_for(tasks, kCost * static_cast<double>(per_task * channels), [&](int64_t task, int) {
    std::vector<int64_t>& counts = parts[static_cast<size_t>(task)];
    counts.assign(size, 0);
    const int64_t end = std::min(pixels, (task + 1) * per_task);
    for (int64_t i = task * per_task; i < end; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        const T scaled = x[i * channels + c] * static_cast<T>(bins - 1) / static_cast<T>(255);
        ++counts[static_cast<size_t>(c * bins + whole_part(scaled, bins - 1))];
      }
    }
  });
  std::vector<int64_t> sum(size, 0);
  for (const std::vector<int64_t>& part : parts) {
    for (size_t i = 0; i < size; ++i) sum[i] += part[i];
  }
  return sum;
}

// The new tone of each bin; empty when the channel has one tone only.
template <class T>
std::vector<T> equalizing_table(const int64_t* counts, int64_t bins) {
  const auto used = std::count_if(counts, counts + bins, [](int64_t count) { return count > 0; });
  if (used <= 1) return {};
  std::vector<T> table(static_cast<size_t>(bins));
  const int64_t first = *std::find_if(counts, counts + bins, [](int64_t count) { return count > 0; });
  int64_t total = 0, sum = 0;
  for (int64_t i = 0; i < bins; ++i) total += counts[i];
  for (int64_t i = 0; i < bins; ++i) {
    sum += counts[i];
    const double tone = static_cast<double>(sum - first) * 255.0 / static_cast<double>(total - first);
    table[static_cast<size_t>(i)] = static_cast<T>(std::clamp(std::nearbyint(tone), 0.0, 255.0));
  }
  return table;
}

// The place of pixel i in an image of n pixels that goes on as its mirror image.
int64_t mirrored(int64_t i, int64_t n) {
  const int64_t j = i % (2 * n);
  return j < n ? j : 2 * n - 1 - j;
}

// Where a row or column lies between the middles of tiles: the tiles before and behind it, and how near the latter is.
template <class T>
struct Between {
  int64_t before, behind;
  T weight;

  Between(int64_t i, int64_t tile, int64_t tiles) {
    const T place = (static_cast<T>(i) - static_cast<T>(tile) / 2) / static_cast<T>(tile);
    const T floor = std::floor(place);
    before = std::clamp<int64_t>(static_cast<int64_t>(floor), 0, tiles - 1);
    behind = std::clamp<int64_t>(static_cast<int64_t>(floor) + 1, 0, tiles - 1);
    weight = place - floor;
  }
};

// One channel of one image; consecutive pixels lie `step` elements apart.
template <class T>
struct Plane {
  const T* x;
  T* y;
  int64_t height, width, step;
};

// From how often each tone occurs in a tile of `pixels` to what it becomes.
template <class T>
void limit_and_sum(T* tones, int64_t pixels, double clip_limit) {
  if (clip_limit > 0) {
    const T limit = static_cast<T>(clip_limit * static_cast<double>(pixels) / kTones);
    T excess = 0;
    for (int64_t i = 0; i < kTones; ++i) {
      if (tones[i] > limit) {
        excess += tones[i] - limit;
        tones[i] = limit;
      }
    }
    for (int64_t i = 0; i < kTones; ++i) tones[i] += excess / kTones;
  }
  for (int64_t i = 1; i < kTones; ++i) tones[i] += tones[i - 1];
  const T first = tones[0];
  const T rest = static_cast<T>(pixels) - first;
  for (int64_t i = 0; i < kTones; ++i) {
    tones[i] = std::clamp<T>((tones[i] - first) * 255 / (rest == 0 ? 1 : rest), 0, 255);
  }
}

template <class T>
void equalize_plane(const Plane<T>& plane, const Clahe& op) {
  const int64_t tile_h = (plane.height + op.rows - 1) / op.rows, tile_w = (plane.width + op.cols - 1) / op.cols;
  std::vector<T> tables(static_cast<size_t>(op.rows * op.cols * kTones), 0);
  for (int64_t i = 0; i < tile_h * op.rows; ++i) {
    const T* row = plane.x + mirrored(i, plane.height) * plane.width * plane.step;
    T* of_row = tables.data() + i / tile_h * op.cols * kTones;
    for (int64_t j = 0; j < tile_w * op.cols; ++j) {
      of_row[j / tile_w * kTones + whole_part(row[mirrored(j, plane.width) * plane.step], kTones - 1)] += 1;
    }
  }
  for (int64_t tile = 0; tile < op.rows * op.cols; ++tile) {
    limit_and_sum(tables.data() + tile * kTones, tile_h * tile_w, op.clip_limit);
  }
  std::vector<Between<T>> across;
  for (int64_t j = 0; j < plane.width; ++j) across.emplace_back(j, tile_w, op.cols);
  for (int64_t i = 0; i < plane.height; ++i) {
    const Between<T> down(i, tile_h, op.rows);
    const T* top = tables.data() + down.before * op.cols * kTones;
    const T* bottom = tables.data() + down.behind * op.cols * kTones;
    for (int64_t j = 0; j < plane.width; ++j) {
      const Between<T>& at = across[static_cast<size_t>(j)];
      const int64_t place = (i * plane.width + j) * plane.step;
      const int64_t tone = whole_part(plane.x[place], kTones - 1);
      const int64_t left = at.before * kTones + tone, right = at.behind * kTones + tone;
      const T upper = top[left] * (1 - at.weight) + top[right] * at.weight;
      const T lower = bottom[left] * (1 - at.weight) + bottom[right] * at.weight;
      plane.y[place] = upper * (1 - down.weight) + lower * down.weight;
    }
  }
}

}  // namespace

Equalize::Equalize(int64_t bins) : bins(bins) {
  if (bins < 2 || bins > 65536) fail("equalize", "wrong number of bins", "2 to 65536", "bins", bins, "256 is usual.");
}

std::vector<TensorSpec> Equalize::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  if (inputs[0].rank() == 0) fail(name(), "no axis of channels", "1 or more axes", "x.shape", inputs[0].shape, "");
  return {inputs[0]};
}

void Equalize::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  if (inputs[0].size() == 0) return;
  const int64_t channels = inputs[0].dim(inputs[0].spec.rank() - 1), elements = inputs[0].size();
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    const std::vector<int64_t> counts = counts_of(x, elements / channels, channels, bins);
    std::vector<std::vector<T>> tables;
    for (int64_t c = 0; c < channels; ++c) tables.push_back(equalizing_table<T>(counts.data() + c * bins, bins));
    parallel_for(task_count(elements), kCost * kPixels, [&](int64_t task, int) {
      for (int64_t i = task * kPixels; i < std::min(elements, (task + 1) * kPixels); ++i) {
        const std::vector<T>& table = tables[static_cast<size_t>(i % channels)];
        const T scaled = x[i] / static_cast<T>(255) * static_cast<T>(bins - 1);
        y[i] = table.empty() ? x[i] : table[static_cast<size_t>(whole_part(scaled, bins - 1))];
      }
    });
  });
}

Clahe::Clahe(int64_t rows, int64_t cols, double clip_limit) : rows(rows), cols(cols), clip_limit(clip_limit) {
  const int64_t least = std::min(rows, cols), most = std::max(rows, cols);
  if (least < 1 || most > 1024) {
    fail("clahe", "wrong number of tiles", "1 to 1024 in each direction", "tiles", least < 1 ? least : most, "");
  }
}

std::vector<TensorSpec> Clahe::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  check_rank(*this, inputs[0], "x", 4, "(batch, height, width, channels)");
  return {inputs[0]};
}

void Clahe::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  if (inputs[0].size() == 0) return;
  const int64_t height = inputs[0].dim(1), width = inputs[0].dim(2), channels = inputs[0].dim(3);
  const int64_t pixels = height * width;
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const double cost = 4 * kCost * static_cast<double>(pixels + rows * cols * kTones);
    parallel_for(inputs[0].dim(0) * channels, cost, [&](int64_t task, int) {
      const int64_t first = task / channels * pixels * channels + task % channels;
      equalize_plane<T>({inputs[0].as<T>() + first, outputs[0].as<T>() + first, height, width, channels}, *this);
    });
  });
}

}  // namespace juanji
