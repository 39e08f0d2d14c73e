// One walk of a weight gradient: the copies of the input under it, the panels of dy, and the runs of each kernel row.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/buffer_pool.hpp"
#include "ops/weight_gradient_plan.hpp"

namespace juanji {

template <class T>
class Walk {
 public:
  Walk(const WeightGradientPlan<T>& plan, const Block& block);

  void move_to(int64_t walk);

  // What the given walk will read of x and of dy.
  std::pair<kernels::Ahead<T>, kernels::Ahead<T>> ahead(int64_t walk) const;

  // A of a slice, and its runs at kernel row p.
  const T* source(size_t slice) const;
  const std::vector<kernels::Run>& runs(size_t slice, int64_t p) const {
    return runs_[(slice - block_.first_slice) * static_cast<size_t>(plan_.g.kh) + static_cast<size_t>(p)];
  }

  // B of the block's columns from n on, and the columns that one panel holds.
  const T* columns_from(int64_t n) const;
  int64_t panel_columns() const { return plan_.packed ? plan_.kernel.panel : block_.columns; }
  int64_t b_step() const { return plan_.packed ? plan_.kernel.panel : plan_.conv.outputs; }

 private:
  // The rows of one image: output rows [begin, end), their place among those of the walk, the first input row under
  // them and its place in the source.
  struct Stretch {
    int64_t image;
    int64_t begin, end;
    int64_t row;
    int64_t first_input, end_input;
    int64_t place;
  };

  void find_stretches(const std::vector<Part>& parts);
  void find_runs(const Slice& slice, int64_t p, std::vector<kernels::Run>& list) const;
  void copy_input(const Slice& slice, T* to) const;
  void copy_rows(const Slice& slice, const T* image, int64_t row, int64_t count, T* to) const;
  void pack(const T* dy, int64_t pixels);

  const WeightGradientPlan<T>& plan_;
  const Block& block_;
  std::vector<int64_t> start_;  // of each slice's copy
  Buffer copies_;
  Buffer panels_;
  std::vector<Stretch> stretches_;
  std::vector<std::vector<kernels::Run>> runs_;  // of each slice and kernel row
  int64_t first_pixel_ = 0;
};

}  // namespace juanji
