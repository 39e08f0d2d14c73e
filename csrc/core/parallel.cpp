#include "core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "core/fork.hpp"
#include "core/processor.hpp"

#if JUANJI_OPENMP
#include <omp.h>
#endif

namespace juanji {
namespace {

// Threads do not survive fork(): in the child nobody would come to help.
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

// The tasks of one loop; the first exception is kept. Every thread has a range of its own, the same share of every
// loop: what it has written in one loop it mostly reads in the next, from its own caches. That of another core may be
// far away. Who is through with its range takes tasks from those of others, one by one.
class Loop {
 public:
  Loop(int64_t tasks, int64_t threads, FunctionRef<void(int64_t, int)> body)
      : threads_(threads),
        body_(body),
        ranges_(std::min({tasks, threads, kMostRanges})) {
    for (int64_t i = 0; i < ranges_; ++i) {
      range_[i].next.store(tasks * i / ranges_, std::memory_order_relaxed);
      range_[i].end = tasks * (i + 1) / ranges_;
    }
  }

  bool wants(int worker) const { return worker < threads_; }

  void work(int worker) {
    current_worker = worker;
    for (int64_t i = 0; i < ranges_; ++i) work_on(range_[(worker + i) % ranges_], worker);
    current_worker = -1;
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct alignas(64) Range {
    std::atomic<int64_t> next;
    int64_t end;
  };
  static constexpr int64_t kMostRanges = 64;

  void work_on(Range& range, int worker) {
    if (range.next.load(std::memory_order_relaxed) >= range.end) return;
    for (int64_t task = range.next++; task < range.end; task = range.next++) {
      if (failed_.load(std::memory_order_relaxed)) continue;
      try {
        body_(task, worker);
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
    }
  }

  int64_t threads_;
  FunctionRef<void(int64_t, int)> body_;
  int64_t ranges_;
  Range range_[kMostRanges];
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

constexpr int kSpins = 4000;  // pauses of a waiting thread before it gives its core to others, some 0.1 ms

// Waits for what other threads do: briefly without giving the core away, then giving it to whoever needs it.
template <class Done>
void wait_until(Done done) {
  for (int i = 0; !done(); ++i) {
    if (i >= kSpins) {
      std::this_thread::yield();
    } else {
      spin_pause();
    }
  }
}

#if JUANJI_OPENMP

// Threads that stand by for the loops of all others. A loop waits only for those that have taken one of its tasks:
// one that the system has put aside holds up nobody, as it would at the end of an OpenMP region of its own.
//
// A helper announces itself (inside) before it looks for a loop; the thread that opened the loop takes it away before
// it looks who is inside. Both in the one order of all such accesses, so either the helper finds no loop, or it is
// waited for.
class Team {
 public:
  // Never destroyed: its threads may run while the process ends.
  static Team& instance() {
    static Team* team = new Team;
    return *team;
  }

  void run(Loop& loop, int threads) {
    call_up(threads);
    Place* place = take_place();
    if (place == nullptr) return loop.work(0);
    place->loop.store(&loop);
    ++opened_;
    if (sleeping_.load() > 0) {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_.notify_all();
    }
    loop.work(0);
    place->loop.store(nullptr);
    wait_until([&] { return place->inside.load() == 0; });
    place->taken.store(false);
  }

 private:
  struct alignas(64) Place {
    std::atomic<bool> taken{false};
    std::atomic<Loop*> loop{nullptr};
    std::atomic<int> inside{0};
  };
  static constexpr int kPlaces = 16;  // for loops at the same time; further ones are worked on by their thread alone
  static constexpr std::chrono::microseconds kAwake{500};  // bridges the gaps between operations and between steps

  Place* take_place() {
    for (Place& place : places_) {
      if (!place.taken.load(std::memory_order_relaxed) && !place.taken.exchange(true)) return &place;
    }
    return nullptr;
  }

  // Sees to it that `threads` - 1 helpers are awake or can be woken, and further ones stay asleep.
  void call_up(int threads) {
    if (wanted_.load() == threads) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    wanted_.store(threads);
    reserve_.notify_all();
    if (threads <= helpers_ + 1) return;
    const int first = helpers_ + 1, count = threads - first;
    try {
      std::thread([this, first, count] {
#pragma omp parallel num_threads(count)
        {
          const DenormalGuard guard;
          help(first + omp_get_thread_num());
        }
      }).detach();
      helpers_ = threads - 1;
    } catch (const std::system_error&) {  // the system has no more threads: those that are there do the work
    }
  }

  [[noreturn]] void help(int worker) {
    for (uint64_t seen = 0;;) {
      await(worker, seen);
      seen = opened_.load();
      for (Place& place : places_) {
        if (place.loop.load(std::memory_order_relaxed) == nullptr) continue;
        ++place.inside;
        Loop* loop = place.loop.load();
        if (loop != nullptr && loop->wants(worker)) loop->work(worker);
        --place.inside;
      }
    }
  }

  // Until a loop was opened after `seen` of them.
  void await(int worker, uint64_t seen) {
    const auto something = [&] { return opened_.load() != seen; };
    const auto needed = [&] { return worker < wanted_.load(); };
    for (int i = 0; i < kSpins && needed(); ++i) {
      if (something()) return;
      spin_pause();
    }
    const auto end = std::chrono::steady_clock::now() + kAwake;
    while (needed() && std::chrono::steady_clock::now() < end) {
      if (something()) return;
      std::this_thread::yield();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    reserve_.wait(lock, needed);
    ++sleeping_;
    work_.wait(lock, [&] { return something() || !needed(); });
    --sleeping_;
  }

  Place places_[kPlaces];
  std::atomic<uint64_t> opened_{0};  // loops so far
  std::atomic<int> wanted_{1};       // threads, that of the loop included
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;  // of what follows
  std::condition_variable work_, reserve_;
  int helpers_ = 0;
};

#endif

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
  const int threads = num_threads();
  const bool serial =
      current_worker >= 0 || threads == 1 || tasks < 2 || static_cast<double>(tasks) * cost < kSerialCost;
  if (serial) return run_serially(tasks, body);
#if JUANJI_OPENMP
  const DenormalGuard guard;
  Loop loop(tasks, threads, body);
  Team::instance().run(loop, threads);
  loop.rethrow();
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
