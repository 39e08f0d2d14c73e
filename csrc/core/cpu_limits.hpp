// How many threads this process may reasonably use, and which limit decided.
#pragma once

#include <string>

namespace juanji {

constexpr int kMaxThreads = 1024;

struct ThreadLimit {
  int threads;
  std::string reason;
};

// JUANJI_NUM_THREADS when it is set (std::invalid_argument when it is no such number); otherwise the smallest of the
// affinity mask, the cgroup (v1 or v2) CPU quota rounded up, and OMP_NUM_THREADS.
ThreadLimit default_thread_limit();

// CPUs granted by a cgroup quota, rounded up, or 0 for none. `root` is the file system root (other in tests).
int cgroup_cpu_quota(const std::string& root);

}  // namespace juanji
