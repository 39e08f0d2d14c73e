// What fork() does to locks: the child has only the thread that forked, and would wait for ever for one that another
// thread held.
#pragma once

#include <mutex>

namespace juanji {

// Forks wait until nobody holds the mutex. For mutexes that live as long as the process, are held briefly, and under
// which no other one is taken.
void open_at_fork(std::mutex& mutex);

// Called in each child, with every mutex from above open.
void call_in_child(void (*function)());

}  // namespace juanji
