// Depthwise convolution with any kernel: how it slides over images, and the bands of outputs that tasks make.
#pragma once

#include <algorithm>
#include <vector>

#include "core/buffer_pool.hpp"
#include "ops/depthwise_plan.hpp"

namespace juanji {

// What every row and column of the outputs sees, and the ring of source rows that this takes.
class DepthwiseBands {
 public:
  // The outputs of `plan`, which see its inputs.
  static DepthwiseBands forward(const DepthwisePlan& plan);
  // The gradient of its inputs, which sees that of its outputs.
  static DepthwiseBands backward(const DepthwisePlan& plan);

  // Rows first .. first+count-1 of an image; `band` is a kernels::DepthwiseBand or DepthwiseWeightBand without scratch.
  template <class Band, class Function>
  void make(Band band, int64_t first, int64_t count, Function kernel) const {
    band.slide = slide(first, count);
    band.ring = ring_;
    band.kernel_size = kernel_size_;
    const Buffer scratch(static_cast<size_t>(kernels::depthwise_scratch_bytes(ring_, kernel_size_, band.slide.count)));
    band.scratch = scratch.data();
    kernel(band);
  }

 private:
  DepthwiseBands(const DepthwisePlan& plan, std::vector<Taps> rows, std::vector<Taps> columns, int64_t step,
                 int64_t height, int64_t width, int64_t count);
  kernels::DepthwiseSlide slide(int64_t first, int64_t count) const;

  std::vector<Taps> rows_, columns_;
  int64_t step_, width_, count_, kw_, kernel_size_;
  kernels::DepthwiseRing ring_;
};

constexpr int64_t kDepthwiseChannels = kernels::kDepthwiseLine / static_cast<int64_t>(sizeof(float));

// Lines of kDepthwiseChannels, which no two tasks share.
inline int64_t depthwise_lines(int64_t c) { return (c + kDepthwiseChannels - 1) / kDepthwiseChannels; }

struct DepthwisePart {
  int64_t image, row, rows;
  int64_t first, last;  // channels
};

// Cuts `images` of `rows` rows and c channels into tasks, by channels before rows: neighbouring parts by rows copy the
// same source rows, `kernel` of them. `work` is the products of an image.
void for_depthwise_parts(int64_t images, int64_t rows, int64_t c, int64_t work, int64_t kernel,
                         FunctionRef<void(const DepthwisePart& part)> body);

}  // namespace juanji
