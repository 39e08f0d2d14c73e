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
constexpr double kPeakInterval = 1e-3;  // seconds of the measured body between two runs of the peak loop
constexpr double kLong = 1e9;           // a cost that always goes to all threads
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

benchmark::Counter rate(double amount) {
  return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

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

const Peak& peak() {
  static const Peak measured = measure_peak();
  return measured;
}

template <class T>
void run_beside_peak(benchmark::State& state, double operations, FunctionRef<void()> body) {
  body();
  std::vector<double> rates;
  std::vector<double> shares;
  double peak_flops = measure_flops<T>(1);
  double since_peak = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    body();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    state.SetIterationTime(seconds);
    rates.push_back(operations / seconds);
    since_peak += seconds;
    if (since_peak > kPeakInterval) {
      peak_flops = measure_flops<T>(1);
      since_peak = 0;
    }
    shares.push_back(rates.back() / peak_flops);
  }
  state.counters["GFLOP/s"] = median(rates) * 1e-9;
  state.counters["% of peak"] = 100.0 * median(shares);
}
template void run_beside_peak<float>(benchmark::State&, double, FunctionRef<void()>);
template void run_beside_peak<double>(benchmark::State&, double, FunctionRef<void()>);

void count_bytes(benchmark::State& state, double bytes, double working_set) {
  const double held = working_set > 0 ? working_set : bytes;
  const double best = held <= 3.0 * static_cast<double>(kL2Array) * num_threads() ? peak().bytes_l2
                      : held <= 3.0 * static_cast<double>(kL3Array)               ? peak().bytes_l3
                                                                                  : peak().bytes_memory;
  state.counters["GB/s"] = rate(bytes * 1e-9);
  state.counters["% of peak"] = rate(100.0 * bytes / best);
}

}  // namespace juanji::benchmarks
