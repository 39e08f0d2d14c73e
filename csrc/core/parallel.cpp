#include "core/parallel.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/fork.hpp"
#include "core/processor.hpp"

#if JUANJI_OPENMP
#include <omp.h>
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
    open_at_fork(mutex);
    call_in_child([] { in_forked_child = true; });
  }
};

Setting& setting() {
  static Setting* instance = new Setting;  // never destroyed: a process may fork while it ends
  return *instance;
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

// The tasks of one loop, taken one by one; the first exception is kept.
class Loop {
 public:
  Loop(int64_t tasks, FunctionRef<void(int64_t, int)> body) : tasks_(tasks), body_(body) {}

  void work(int worker) {
    current_worker = worker;
    for (int64_t task = next_++; task < tasks_; task = next_++) {
      if (failed_.load(std::memory_order_relaxed)) continue;
      try {
        body_(task, worker);
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
    }
    current_worker = -1;
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  int64_t tasks_;
  FunctionRef<void(int64_t, int)> body_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

// Waits for what other threads do: briefly without giving the core away, then giving it to whoever needs it.
template <class Done>
void wait_until(Done done) {
  constexpr int kSpins = 4000;
  for (int i = 0; !done(); ++i) {
    if (i >= kSpins) {
      std::this_thread::yield();
    } else {
      spin_pause();
    }
  }
}

// Threads that stand by for the loops of one master.
//
// A helper announces itself (inside_) before it looks for the loop; the master takes the loop away before it looks who
// is inside. Both in the one order of all such accesses, so either the helper finds no loop, or the master waits for
// it.
class Crew {
 public:
  void lead(Loop& loop) {
    loop_.store(&loop);
    ++number_;
    loop.work(0);
    loop_.store(nullptr);
    wait_until([&] { return inside_.load() == 0; });
    loop.rethrow();
  }

  void help(int worker) {
    uint64_t done = 0;  // the number of the last loop this thread has seen the end of
    while (true) {
      wait_until([&] { return over_.load() || number_.load() != done; });
      if (over_.load()) return;
      done = number_.load();
      ++inside_;
      if (Loop* loop = loop_.load()) loop->work(worker);
      --inside_;
    }
  }

  void dismiss() { over_.store(true); }

 private:
  std::atomic<Loop*> loop_{nullptr};
  std::atomic<uint64_t> number_{0};
  std::atomic<int> inside_{0};
  std::atomic<bool> over_{false};
};

thread_local Crew* own_crew = nullptr;

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
  Loop loop(tasks, body);
  if (own_crew != nullptr) return own_crew->lead(loop);
#if JUANJI_OPENMP
  const int team = static_cast<int>(threads < tasks ? threads : tasks);
#pragma omp parallel num_threads(team)
  {
    const DenormalGuard guard;
    loop.work(omp_get_thread_num());
  }
  loop.rethrow();
#endif
}

void with_crew(FunctionRef<void()> body) {
  const int threads = num_threads();
  if (threads == 1 || current_worker >= 0 || own_crew != nullptr) return body();
#if JUANJI_OPENMP
  Crew crew;
  std::exception_ptr error;
#pragma omp parallel num_threads(threads)
  {
    const DenormalGuard guard;
    const int worker = omp_get_thread_num();
    if (worker > 0) {
      crew.help(worker);
    } else {
      own_crew = &crew;
      try {
        body();
      } catch (...) {
        error = std::current_exception();
      }
      own_crew = nullptr;
      crew.dismiss();
    }
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
  saved_ = float_mode();
  set_float_mode(saved_ | kFlushDenormals);
}

DenormalGuard::~DenormalGuard() {
  // Restore these bits only: exception flags that our code raised stay visible as they would anyway.
  set_float_mode((float_mode() & ~kFlushDenormals) | (saved_ & kFlushDenormals));
}

}  // namespace juanji
