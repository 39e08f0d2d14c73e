#include "core/cpu_limits.hpp"

#include "core/check.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace juanji {
namespace {

int quota_to_cpus(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return 0;
  const double cpus = quota / period;
  const int whole = static_cast<int>(cpus);
  const int rounded = cpus > whole ? whole + 1 : whole;
  return rounded < 1 ? 1 : rounded;
}

void keep_smaller(int candidate, int& best) {
  if (candidate > 0 && (best == 0 || candidate < best)) best = candidate;
}

// A group is bound by its own quota and by those of all its ancestors.
std::vector<std::string> group_and_ancestors(std::string group) {
  std::vector<std::string> groups;
  for (size_t slash = group.rfind('/'); slash != std::string::npos && group != "/"; slash = group.rfind('/')) {
    groups.push_back(group);
    group.erase(slash);
  }
  groups.emplace_back("");
  return groups;
}

int quota_v2(const std::string& root, const std::string& group) {
  int best = 0;
  for (const std::string& g : group_and_ancestors(group)) {
    std::ifstream file(root + "/sys/fs/cgroup" + g + "/cpu.max");
    std::string quota;
    double period = 0;
    if (file >> quota >> period && quota != "max") {
      keep_smaller(quota_to_cpus(std::strtod(quota.c_str(), nullptr), period), best);
    }
  }
  return best;
}

int quota_v1(const std::string& root, const std::string& group) {
  int best = 0;
  for (const char* controller : {"cpu", "cpu,cpuacct", "cpuacct,cpu"}) {
    for (const std::string& g : group_and_ancestors(group)) {
      const std::string folder = root + "/sys/fs/cgroup/" + controller + g;
      std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
      std::ifstream period_file(folder + "/cpu.cfs_period_us");
      double quota = 0;
      double period = 0;
      if (quota_file >> quota && period_file >> period) keep_smaller(quota_to_cpus(quota, period), best);
    }
  }
  return best;
}

bool has_controller(const std::string& list, const std::string& name) {
  std::stringstream stream(list);
  std::string item;
  while (std::getline(stream, item, ',')) {
    if (item == name) return true;
  }
  return false;
}

int affinity_cpus() {
#if defined(__linux__)
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : static_cast<int>(n);
}

int positive_env(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return 0;
  const long value = std::strtol(text, nullptr, 10);  // OMP_NUM_THREADS may be a list: its first entry counts
  return value > 0 && value < 1000000 ? static_cast<int>(value) : 0;
}

// 0 when JUANJI_NUM_THREADS is not set. Our own variable is taken at its word: a mistake in it is an error.
int forced_threads() {
  const char* text = std::getenv("JUANJI_NUM_THREADS");
  if (text == nullptr || *text == '\0') return 0;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end == '\0' && value >= 1 && value <= kMaxThreads) return static_cast<int>(value);
  fail("JUANJI_NUM_THREADS", "not a usable number of threads", "a whole number from 1 to " + to_text(kMaxThreads),
       "JUANJI_NUM_THREADS", text, "Unset it to let juanji choose.");
}

}  // namespace

int cgroup_cpu_quota(const std::string& root) {
  int best = 0;
  std::ifstream file(root + "/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {  // "0::/group" for v2, "4:cpu,cpuacct:/group" for v1
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) keep_smaller(quota_v2(root, group), best);
    if (has_controller(controllers, "cpu")) keep_smaller(quota_v1(root, group), best);
  }
  return best;
}

ThreadLimit default_thread_limit() {
  if (const int forced = forced_threads()) return {forced, "JUANJI_NUM_THREADS"};
  ThreadLimit limit{affinity_cpus(), "CPUs in the affinity mask"};
  const int quota = cgroup_cpu_quota("");
  if (quota > 0 && quota < limit.threads) limit = {quota, "cgroup CPU quota"};
  const int omp = positive_env("OMP_NUM_THREADS");
  if (omp > 0 && omp < limit.threads) limit = {omp, "OMP_NUM_THREADS"};
  return limit;
}

}  // namespace juanji
