// The only place that knows OpenMP.
//
// Work is cut into tasks by shape alone; which thread runs a task, and when, is open. A result must not depend on that:
// then it has the same bits at every thread count. Neighbouring tasks mostly run on one thread, and the same share of
// the tasks of every loop does: tasks that read what others have written should come in the same order as those.
#pragma once

#include <cstdint>
#include <string>

#include "core/cpu_limits.hpp"
#include "core/function_ref.hpp"

namespace juanji {

// Threads used by parallel_for: 1 <= n <= kMaxThreads.
int num_threads();
void set_num_threads(int n);       // throws std::invalid_argument outside 1..kMaxThreads
std::string num_threads_reason();  // why that many, for show_config()
bool openmp_enabled();

// Runs body(task, worker) for task = 0 .. tasks-1. `cost` is the work of one task in units of roughly one
// nanosecond of one core: below kSerialCost in all, it stays on the calling thread. worker < max_workers() names a
// scratch slot that nobody else uses at the same time. Nested calls run serially with the caller's worker, and
// so does a child process after fork(), whose other threads are gone. The first exception of a task is rethrown.
constexpr double kSerialCost = 15000.0;
void parallel_for(int64_t tasks, double cost, FunctionRef<void(int64_t task, int worker)> body);
int max_workers();

// Cuts [0, n) into ranges of about `grain` and calls body(begin, end) for each; cost is that of one element.
void parallel_ranges(int64_t n, int64_t grain, double cost, FunctionRef<void(int64_t begin, int64_t end)> body);

// Flushes denormals to zero on this thread for its lifetime, then restores the caller's mode.
class DenormalGuard {
 public:
  DenormalGuard();
  ~DenormalGuard();
  DenormalGuard(const DenormalGuard&) = delete;
  DenormalGuard& operator=(const DenormalGuard&) = delete;

 private:
  unsigned saved_ = 0;
};

}  // namespace juanji
