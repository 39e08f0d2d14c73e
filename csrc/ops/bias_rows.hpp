// How the sum over all pixels that a bias's gradient is gets cut: every operation that makes one gives the same bits.
#pragma once

#include <algorithm>

#include "ops/tensor.hpp"

namespace juanji {

// Rows of `channels` elements in tasks of task_rows: by shape alone. A task adds its rows in their order, beginning
// with zero; the sums of the tasks are added in their order.
struct BiasRows {
  int64_t channels;
  int64_t rows;
  int64_t task_rows;
  int64_t tasks;

  explicit BiasRows(const Shape& dy) {
    constexpr int64_t kTaskElements = 32768;
    constexpr int64_t kMostTasks = 64;  // partial sums that are added one after another
    channels = dy.back();
    rows = channels == 0 ? 0 : element_count(dy) / channels;
    const int64_t wanted = std::clamp<int64_t>(rows * channels / kTaskElements, 1, kMostTasks);
    task_rows = std::max<int64_t>(1, (rows + wanted - 1) / wanted);
    tasks = std::max<int64_t>(1, (rows + task_rows - 1) / task_rows);
  }

  // db from the sums of the tasks, (tasks, channels).
  template <class T>
  void add(const T* partial, T* db) const {
    for (int64_t c = 0; c < channels; ++c) {
      T sum = 0;
      for (int64_t task = 0; task < tasks; ++task) sum += partial[task * channels + c];
      db[c] = sum;
    }
  }
};

}  // namespace juanji
