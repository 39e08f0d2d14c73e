#include "core/parallel.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>

#if JUANJI_OPENMP
#include <omp.h>
#endif
#if JUANJI_X86
#include <xmmintrin.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace juanji {
namespace {

// libgomp's threads do not survive fork(); using its pool in the child would wait for them for ever.
std::atomic<bool> in_forked_child{false};
thread_local int current_worker = -1;  // >= 0 while this thread runs a task

struct Setting {
  std::mutex mutex;
  int threads = 1;
  std::string reason;

  Setting() {
    const ThreadLimit limit = default_thread_limit();
    threads = limit.threads < kMaxThreads ? limit.threads : kMaxThreads;
    reason = limit.reason;
#if defined(__unix__) || defined(__APPLE__)
    pthread_atfork(nullptr, nullptr, [] { in_forked_child = true; });
#endif
  }
};

Setting& setting() {
  static Setting instance;
  return instance;
}

void run_serially(int64_t tasks, FunctionRef<void(int64_t, int)> body) {
  const int outer = current_worker;
  const int worker = outer < 0 ? 0 : outer;
  current_worker = worker;
  try {
    for (int64_t task = 0; task < tasks; ++task) body(task, worker);
  } catch (...) {
    current_worker = outer;
    throw;
  }
  current_worker = outer;
}

}  // namespace

bool openmp_enabled() {
#if JUANJI_OPENMP
  return true;
#else
  return false;
#endif
}

int num_threads() {
  if (!openmp_enabled() || in_forked_child) return 1;
  Setting& s = setting();
  const std::lock_guard<std::mutex> lock(s.mutex);
  return s.threads;
}

void set_num_threads(int n) {
  if (n < 1 || n > kMaxThreads) {
    throw std::invalid_argument("set_num_threads: not a usable number of threads; expected 1 to " +
                                std::to_string(kMaxThreads) + ", got n=" + std::to_string(n) +
                                ". Pass the number of cores to use.");
  }
  Setting& s = setting();
  const std::lock_guard<std::mutex> lock(s.mutex);
  s.threads = n;
  s.reason = "set by set_num_threads(" + std::to_string(n) + ")";
}

std::string num_threads_reason() {
  if (!openmp_enabled()) return "built without OpenMP: serial";
  if (in_forked_child) return "serial: this process was forked from one that had started its threads";
  Setting& s = setting();
  const std::lock_guard<std::mutex> lock(s.mutex);
  return s.reason;
}

int max_workers() { return num_threads(); }

void parallel_for(int64_t tasks, double cost, FunctionRef<void(int64_t, int)> body) {
  const int64_t threads = num_threads();
  const bool serial =
      current_worker >= 0 || threads == 1 || tasks < 2 || static_cast<double>(tasks) * cost < kSerialCost;
  if (serial) return run_serially(tasks, body);
#if JUANJI_OPENMP
  std::exception_ptr error;
  std::atomic<bool> failed{false};
  const int team = static_cast<int>(threads < tasks ? threads : tasks);
#pragma omp parallel num_threads(team)
  {
    const DenormalGuard guard;
    const int worker = omp_get_thread_num();
    current_worker = worker;
#pragma omp for schedule(dynamic, 1)
    for (int64_t task = 0; task < tasks; ++task) {
      if (failed.load(std::memory_order_relaxed)) continue;
      try {
        body(task, worker);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
    current_worker = -1;
  }
  if (error) std::rethrow_exception(error);
#endif
}

void parallel_ranges(int64_t n, int64_t grain, double cost, FunctionRef<void(int64_t, int64_t)> body) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  const int64_t tasks = (n + grain - 1) / grain;
  parallel_for(tasks, cost * static_cast<double>(grain < n ? grain : n), [&](int64_t task, int) {
    const int64_t begin = task * grain;
    body(begin, begin + grain < n ? begin + grain : n);
  });
}

DenormalGuard::DenormalGuard() {
#if JUANJI_X86
  saved_ = _mm_getcsr();
  _mm_setcsr(saved_ | 0x8040u);  // flush-to-zero and denormals-are-zero
#endif
}

DenormalGuard::~DenormalGuard() {
#if JUANJI_X86
  // Restore the two mode bits only: exception flags that our code raised stay visible as they would anyway.
  _mm_setcsr((_mm_getcsr() & ~0x8040u) | (saved_ & 0x8040u));
#endif
}

}  // namespace juanji
