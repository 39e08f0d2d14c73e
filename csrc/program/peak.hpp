// What the machine can do: the yardstick of profiles and benchmarks.
#pragma once

namespace juanji {

// Multiply-adds in registers on all threads, the fastest of `rounds` runs of about a millisecond per thread: neighbours
// on a shared machine only slow runs down. Floating-point operations per second.
template <class T>
double measure_flops(int rounds);

// Bytes per second of a triad over arrays that fit no cache, on all threads, the fastest of `rounds` runs.
double measure_memory_bandwidth(int rounds);

}  // namespace juanji
