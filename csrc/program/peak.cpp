#include "program/peak.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/peak.hpp"

namespace juanji {
namespace {

constexpr double kLong = 1e9;  // a cost that always goes to all threads

template <class Body>
double best_seconds(int rounds, Body body) {
  double best = 1e300;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

template <class T>
double measure_flops(int rounds) {
  constexpr int64_t kWork = 4000;  // some 100 µs a task
  const int64_t tasks = 16 * num_threads();
  std::vector<T> sinks(static_cast<size_t>(tasks));
  std::vector<int64_t> operations(static_cast<size_t>(tasks));
  const double seconds = best_seconds(rounds, [&] {
    parallel_for(tasks, kLong, [&](int64_t task, int) {
      const auto i = static_cast<size_t>(task);
      operations[i] = kernels::peak<T>().multiply_add(T(0.999), T(0.001), kWork, &sinks[i]);
    });
  });
  return static_cast<double>(operations[0]) * static_cast<double>(tasks) / seconds;
}
template double measure_flops<float>(int);
template double measure_flops<double>(int);

double measure_memory_bandwidth(int rounds) {
  constexpr int64_t kElements = int64_t{16} * 1024 * 1024;
  constexpr int64_t kGrain = 65536;
  const Buffer buffer(static_cast<size_t>(3 * kElements) * sizeof(float));
  float* x = buffer.as<float>();
  std::fill_n(x, 3 * kElements, 1.0f);
  const double seconds = best_seconds(rounds, [&] {
    parallel_ranges(kElements, kGrain, 1.0, [&](int64_t begin, int64_t end) {
      kernels::peak<float>().triad(x + begin, x + kElements + begin, x + 2 * kElements + begin, 0.5f, end - begin);
    });
  });
  return 3.0 * static_cast<double>(kElements) * sizeof(float) / seconds;
}

}  // namespace juanji
