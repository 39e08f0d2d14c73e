// How a direct convolution is cut up: everything that follows from the shapes alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/matrix.hpp"
#include "ops/direct_conv.hpp"

namespace juanji {

// The places of packed weights: [phase][group][panel][tap and input channel][output channel of the panel].
template <class T>
struct PackedWeights {
  explicit PackedWeights(const DirectConv<T>& conv);

  const kernels::MatrixTable<T>& kernel;
  int64_t group_channels;      // input channels of a group
  int64_t group_outputs;       // output channels of a group
  int64_t panels;              // per group
  std::vector<int64_t> depth;  // per phase: rows of a panel
  std::vector<int64_t> start;  // per phase, in elements, and the end

  int64_t panel_start(size_t phase, int64_t group, int64_t panel) const {
    return start[phase] + (group * panels + panel) * depth[phase] * kernel.panel;
  }
};

template <class T>
struct DirectConvPlan {
  explicit DirectConvPlan(const DirectConv<T>& conv);

  const DirectConv<T>& conv;
  PackedWeights<T> weights;
  int64_t reach_h = 0;  // padded rows below a window's first row, and columns behind its first, that taps touch
  int64_t reach_w = 0;
  int64_t grid_rows = 0;  // largest phase
  int64_t grid_columns = 0;
  int64_t width = 0;         // of a padded row
  bool in_place = false;     // no padding: the input itself serves
  bool far_pixels = false;   // pointwise and in place: no near cache holds them, nothing copies them into one
  bool far_weights = false;  // nor the weights
  int64_t task_rows = 1;
  int64_t row_tasks = 1;
  int64_t panel_tasks = 1;  // few pixels: output channels are shared out as well
  double flop = 0;
  std::vector<std::vector<kernels::Run>> runs;  // per phase, split into blocks of depth
  std::vector<std::vector<int64_t>> blocks;     // per phase: first run of each block of depth, and the end

 private:
  void measure();
  void cut_tasks();
  void find_runs(const Phase& phase);
};

}  // namespace juanji
