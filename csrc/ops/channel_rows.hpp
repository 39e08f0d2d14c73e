// An array (..., C) as rows of channels, and how sums over the rows are cut: by shape alone.
#pragma once

#include "core/function_ref.hpp"
#include "ops/tensor.hpp"

namespace juanji {

// `fold` rows lie side by side as one row of `cols` columns, so that vectors are full whatever the number of channels.
// The rows that are left over form a last part with one column a channel.
struct ChannelRows {
  int64_t channels;
  int64_t rows;  // of channels
  int64_t fold;
  int64_t cols;       // fold * channels
  int64_t wide_rows;  // rows / fold
  int64_t rest;       // rows % fold
  int64_t task_rows, row_tasks;
  int64_t task_cols, col_tasks;
  int64_t images;  // of an array (N, H, W, C) in one task, which has all of their columns; 0 where tasks cut images

  explicit ChannelRows(const TensorSpec& x);

  int64_t size() const { return rows * channels; }

  // Partial results of a sum over the rows: one for each column of each row task, then one for each channel of the
  // rest.
  int64_t partials() const { return row_tasks * cols + (rest > 0 ? channels : 0); }

  struct Part {
    int64_t element;  // first element
    int64_t slot;     // first partial result
    int64_t rows, cols, stride;
  };
  int64_t parts() const { return row_tasks * col_tasks + (rest > 0 ? 1 : 0); }
  Part part(int64_t i) const;
  // Parts in parallel; `cost` is that of one element in nanoseconds.
  void for_each_part(double cost, FunctionRef<void(const Part&)> body) const;

  struct Group {
    int64_t slot;  // first of `channels` partial results
    int64_t rows;  // that each of them stands for
  };
  // All partial results in a fixed order, one of each channel at a time.
  void for_each_group(FunctionRef<void(const Group&)> body) const;

  // Ranges of elements that begin at a wide row, in parallel, the last one first: what a pass over the parts has read
  // last is still in a cache.
  void for_each_range(double cost, FunctionRef<void(int64_t element, int64_t n)> body) const;

  // wide[c] = narrow(c % channels) for c < cols
  template <class T, class Narrow>
  void widen(T* wide, Narrow narrow) const {
    for (int64_t c = 0; c < channels; ++c) wide[c] = narrow(c);
    for (int64_t c = channels; c < cols; ++c) wide[c] = wide[c - channels];
  }
};

}  // namespace juanji
