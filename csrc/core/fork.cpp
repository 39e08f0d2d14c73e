#include "core/fork.hpp"

#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace juanji {
namespace {

struct AtFork {
  std::mutex own;
  std::vector<std::mutex*> mutexes;
  std::vector<void (*)()> in_child;

  AtFork();
};

// Never destroyed: a process may fork while it ends.
AtFork& at_fork() {
  static AtFork* instance = new AtFork;
  return *instance;
}

void lock_all() {
  at_fork().own.lock();
  for (std::mutex* mutex : at_fork().mutexes) mutex->lock();
}

void unlock_all() {
  for (std::mutex* mutex : at_fork().mutexes) mutex->unlock();
  at_fork().own.unlock();
}

AtFork::AtFork() {
#if defined(__unix__) || defined(__APPLE__)
  pthread_atfork(lock_all, unlock_all, [] {
    unlock_all();
    for (void (*function)() : at_fork().in_child) function();
  });
#endif
}

}  // namespace

void open_at_fork(std::mutex& mutex) {
  const std::lock_guard<std::mutex> lock(at_fork().own);
  at_fork().mutexes.push_back(&mutex);
}

void call_in_child(void (*function)()) {
  const std::lock_guard<std::mutex> lock(at_fork().own);
  at_fork().in_child.push_back(function);
}

}  // namespace juanji
