// What this machine can do, measured by the benchmark program itself, and counters that relate a benchmark to it.
//
// A benchmark file registers benchmarks; each calls run_beside_peak, or repeats its work and calls count_bytes. main()
// is in peak_main.cpp and takes --threads=N besides Google Benchmark's own options. Example:
//
//   void relu(benchmark::State& state) {
//     ...
//     for (auto _ : state) run();
//     count_bytes(state, 2.0 * n * sizeof(float));
//   }
//   BENCHMARK(relu)->UseRealTime();
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

#include "core/function_ref.hpp"

namespace juanji::benchmarks {

struct Peak {
  double flops_float;  // multiply-adds in registers count two operations; all threads
  double flops_double;
  double bytes_l2;      // triad over 192 KiB a thread; bytes read and written a second
  double bytes_l3;      // triad over 12 MiB in all
  double bytes_memory;  // triad over 288 MiB; the write-allocate traffic is not counted, as in STREAM
};

// Best of several rounds with the current instruction set and number of threads; takes some two seconds.
Peak measure_peak();

// The peak measured on first use.
const Peak& peak();

double median(std::vector<double> values);  // 0 of none

// Runs `body`, which makes so many floating-point operations of type T, and the peak loop in turns: a neighbour on a
// shared machine, or a change of its clock, slows both down. The counters `GFLOP/s` and `% of peak` are medians, the
// percentages those of neighbouring runs; only `body` counts as the benchmark's time.
template <class T>
void run_beside_peak(benchmark::State& state, double operations, FunctionRef<void()> body);

// Counters `GB/s` and `% of peak` for so many bytes read and written an iteration. The peak is that of the cache
// which holds `working_set` bytes, or of memory; the same bytes by default.
void count_bytes(benchmark::State& state, double bytes, double working_set = 0);

}  // namespace juanji::benchmarks
