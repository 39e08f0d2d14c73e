// Winograd's convolution, with both tiles, beside the direct one: they take turns on one thread and its processor time
// is compared, so that the ratios (direct over Winograd) hold on a busy machine too. Errors are the largest difference
// to float64, in units of eps times the largest result.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "ops/conv2d_forward.hpp"
#include "ops/winograd.hpp"
#include "ops/winograd_weights.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// A 3×3 convolution with 'same' padding, bias and ReLU of images that went through a ReLU.
template <class T>
struct Layer {
  DirectConv<T> conv;
  std::vector<WeightLayout> layouts;
  std::vector<T> x, w, bias, y;

  Layer(int64_t images, int64_t size, int64_t channels, int64_t filters, bool pooled) {
    WindowGeometry g{};
    g.h = g.w = g.oh = g.ow = size;
    g.kh = g.kw = 3;
    g.sh = g.sw = g.dh = g.dw = g.top = g.left = 1;
    conv = forward_conv<T>(g, channels, filters, 1);
    layouts = {forward_layout(g, channels, filters, 1)};
    std::mt19937 engine(1);
    std::normal_distribution<float> normal;  // float: the same values for both types
    const auto fill = [&](std::vector<T>& values, int64_t n, float scale) {
      values.resize(static_cast<size_t>(n));
      for (T& v : values) v = static_cast<T>(scale * normal(engine));
    };
    fill(x, images * size * size * channels, 1);
    for (T& v : x) v = std::max(v, T(0));
    fill(w, 9 * channels * filters, 1 / std::sqrt(9.0F * static_cast<float>(channels)));
    fill(bias, filters, 1);
    const int64_t out = pooled ? size / 2 : size;
    y.resize(static_cast<size_t>(images * out * out * filters));
    conv.x = x.data();
    conv.images = images;
    conv.y = y.data();
    conv.y_image = out * out * filters;
    conv.y_row = out * filters;
    conv.bias = bias.data();
    conv.activation = Activation::relu;
    conv.pooled = pooled;
  }
  void direct() { direct_conv(conv, w.data(), layouts); }
  void winograd(int64_t tile) { winograd_conv(conv, tile, w.data()); }
};

double error(const std::vector<float>& y, const std::vector<double>& exact) {
  double largest = 0, off = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    largest = std::max(largest, std::abs(exact[i]));
    off = std::max(off, std::abs(static_cast<double>(y[i]) - exact[i]));
  }
  return off / largest / std::numeric_limits<float>::epsilon();
}

// The same layer's weight gradient.
template <class T>
struct Gradient {
  ConvWeightGradient<T> conv;
  std::vector<T> x, dy, y;  // y is dw

  Gradient(int64_t images, int64_t size, int64_t channels, int64_t filters, bool)
      : x(Layer<T>(images, size, channels, 1, false).x),
        y(static_cast<size_t>(9 * channels * filters)) {
    std::mt19937 engine(2);
    std::normal_distribution<float> normal;
    dy.resize(static_cast<size_t>(images * size * size * filters));
    for (T& v : dy) v = static_cast<T>(normal(engine));
    WindowGeometry& g = conv.g;
    g.h = g.w = g.oh = g.ow = size;
    g.kh = g.kw = 3;
    g.sh = g.sw = g.dh = g.dw = g.top = g.left = 1;
    conv.x = x.data();
    conv.dy = dy.data();
    conv.dw = y.data();
    conv.images = images;
    conv.channels = channels;
    conv.outputs = filters;
  }
  void direct() { conv_weight_gradient(conv); }
  void winograd(int64_t tile) { winograd_weight_gradient(conv, tile); }
};

template <template <class> class Pass>
void compare(benchmark::State& state) {
  const int64_t n = state.range(0), size = state.range(1), c = state.range(2), o = state.range(3);
  const bool pooled = state.range(4) != 0;
  const int threads = num_threads();
  set_num_threads(1);
  Pass<float> layer(n, size, c, o, pooled);
  Pass<double> exact(n, size, c, o, pooled);
  exact.direct();
  const DenormalGuard guard;
  const std::vector<int64_t> tiles{0, 2, 4};  // 0: direct
  std::vector<std::vector<double>> seconds(tiles.size());
  std::vector<double> errors(tiles.size());
  for (auto _ : state) {
    for (size_t i = 0; i < tiles.size(); ++i) {
      const double begin = thread_seconds();
      tiles[i] == 0 ? layer.direct() : layer.winograd(tiles[i]);
      seconds[i].push_back(thread_seconds() - begin);
      if (seconds[i].size() == 1) errors[i] = error(layer.y, exact.y);
    }
  }
  set_num_threads(threads);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const std::string name = i == 0 ? "direct" : std::to_string(tiles[i]) + "x" + std::to_string(tiles[i]);
    std::vector<double> ratios;
    for (size_t k = 0; k < seconds[i].size(); ++k) ratios.push_back(seconds[0][k] / seconds[i][k]);
    const double operations = 18.0 * static_cast<double>(n * size * size * c * o);
    if (i == 0) state.counters["direct GFLOP/s"] = operations / median(seconds[i]) * 1e-9;
    if (i > 0) state.counters[name] = median(ratios);
    state.counters[name + " error"] = errors[i];
  }
}

void forward(benchmark::State& state) { compare<Layer>(state); }
void weight_gradient(benchmark::State& state) { compare<Gradient>(state); }

BENCHMARK(weight_gradient)
    ->ArgNames({"N", "H", "C", "OC", "pooled"})
    ->Unit(benchmark::kMillisecond)
    ->MinTime(0.3)
    ->Args({64, 16, 32, 64, 0})
    ->Args({64, 8, 64, 128, 0})
    ->Args({16, 32, 16, 16, 0})
    ->Args({16, 32, 32, 32, 0})
    ->Args({8, 15, 33, 50, 0})
    ->Args({8, 56, 64, 64, 0})
    ->Args({8, 28, 128, 128, 0})
    ->Args({8, 14, 256, 256, 0});

BENCHMARK(forward)
    ->ArgNames({"N", "H", "C", "OC", "pooled"})
    ->Unit(benchmark::kMillisecond)
    ->MinTime(0.3)
    ->Args({64, 16, 32, 64, 0})
    ->Args({64, 16, 32, 64, 1})
    ->Args({64, 8, 64, 128, 0})
    ->Args({64, 8, 64, 128, 1})
    ->Args({1, 16, 32, 64, 0})
    ->Args({1, 8, 64, 128, 0})
    ->Args({16, 32, 16, 16, 0})
    ->Args({16, 32, 32, 32, 0})
    ->Args({8, 15, 33, 50, 0})
    ->Args({8, 56, 64, 64, 0})
    ->Args({8, 28, 128, 128, 0})
    ->Args({8, 14, 256, 256, 0});

}  // namespace
}  // namespace juanji::benchmarks
