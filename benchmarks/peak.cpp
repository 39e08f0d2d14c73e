#include "peak.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "kernels/peak.hpp"
#include "program/peak.hpp"

namespace juanji::benchmarks {
namespace {

constexpr int kRounds = 25;
constexpr int kMoreRounds = 3;
constexpr double kLong = 1e9;  // a cost that always goes to all threads
constexpr int64_t kKiB = 1024;
constexpr int64_t kL2Array = 64 * kKiB;
constexpr int64_t kL3Array = 4096 * kKiB;
constexpr int64_t kMemoryArray = 96 * 1024 * kKiB;

// Seconds of the fastest of several runs. The machine is shared: slower runs say nothing about it.
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

struct Arrays {
  explicit Arrays(int64_t bytes) : buffer(static_cast<size_t>(3 * bytes)), n(bytes / 4) {
    std::fill_n(buffer.as<float>(), 3 * n, 1.0f);
  }
  void triad(int64_t begin, int64_t end) const {
    float* x = buffer.as<float>();
    kernels::peak<float>().triad(x + begin, x + n + begin, x + 2 * n + begin, 0.5f, end - begin);
  }
  Buffer buffer;
  int64_t n;
};

double private_bandwidth(int64_t array_bytes) {
  std::vector<Arrays> own;
  for (int i = 0; i < max_workers(); ++i) own.emplace_back(array_bytes);
  const int64_t tasks = 16 * max_workers();
  constexpr int64_t kRepeats = 64;
  const double seconds = best_seconds(kRounds, [&] {
    parallel_for(tasks, kLong, [&](int64_t, int worker) {
      const Arrays& arrays = own[static_cast<size_t>(worker)];
      for (int64_t i = 0; i < kRepeats; ++i) arrays.triad(0, arrays.n);
    });
  });
  return 3.0 * static_cast<double>(array_bytes * kRepeats * tasks) / seconds;
}

double shared_bandwidth(int64_t array_bytes, int64_t repeats) {
  const Arrays arrays(array_bytes);
  const double seconds = best_seconds(kRounds, [&] {
    for (int64_t i = 0; i < repeats; ++i) {
      parallel_ranges(arrays.n, 65536, 1.0, [&](int64_t begin, int64_t end) { arrays.triad(begin, end); });
    }
  });
  return 3.0 * static_cast<double>(array_bytes * repeats) / seconds;
}

// A neighbour on the machine may have slowed the first measurement down; a better one found later counts.
template <class T>
double improved(double& best) {
  best = std::max(best, measure_flops<T>(kMoreRounds));
  return best;
}

Peak& best_peak() {
  static Peak measured = measure_peak();
  return measured;
}

benchmark::Counter rate(double amount) {
  return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

Peak measure_peak() {
  Peak result{};
  result.flops_float = measure_flops<float>(kRounds);
  result.flops_double = measure_flops<double>(kRounds);
  result.bytes_l2 = private_bandwidth(kL2Array);
  result.bytes_l3 = shared_bandwidth(kL3Array, 16);
  result.bytes_memory = shared_bandwidth(kMemoryArray, 1);
  pool_trim();
  return result;
}

const Peak& peak() { return best_peak(); }

template <class T>
void count_flops(benchmark::State& state, double operations) {
  const double best =
      sizeof(T) == 4 ? improved<float>(best_peak().flops_float) : improved<double>(best_peak().flops_double);
  state.counters["GFLOP/s"] = rate(operations * 1e-9);
  state.counters["% of peak"] = rate(100.0 * operations / best);
}
template void count_flops<float>(benchmark::State&, double);
template void count_flops<double>(benchmark::State&, double);

void count_bytes(benchmark::State& state, double bytes, double working_set) {
  const double held = working_set > 0 ? working_set : bytes;
  const double best = held <= 3.0 * static_cast<double>(kL2Array) * num_threads() ? peak().bytes_l2
                      : held <= 3.0 * static_cast<double>(kL3Array)               ? peak().bytes_l3
                                                                                  : peak().bytes_memory;
  state.counters["GB/s"] = rate(bytes * 1e-9);
  state.counters["% of peak"] = rate(100.0 * bytes / best);
}

}  // namespace juanji::benchmarks
