// Depthwise convolution with any kernel: how it slides over images, and the parts of outputs that tasks make.
#pragma once

#include <vector>

#include "core/buffer_pool.hpp"
#include "ops/depthwise_plan.hpp"

namespace juanji {

// A part of one image's outputs, or of the weights' sums over them.
struct DepthwisePart {
  int64_t image;
  int64_t row, rows;
  int64_t column, columns;
  int64_t first, last;  // channels
};

class DepthwiseBands {
 public:
  // The outputs of `plan`, which see its inputs.
  static DepthwiseBands forward(const DepthwisePlan& plan);
  // The gradient of its inputs, which sees that of its outputs.
  static DepthwiseBands backward(const DepthwisePlan& plan);

  // Calls body(part) for parts that make up all outputs, in parallel.
  void for_each(FunctionRef<void(const DepthwisePart& part)> body) const;

  // Makes a part of any width, in strips that the first cache holds. `band` is a kernels::DepthwiseBand, or a
  // DepthwiseWeightBand, of the whole: x and y (or dy) begin with the part's image and its first row.
  template <class T>
  void make(const DepthwisePart& part, kernels::DepthwiseBand<T> band) const {
    band.y_row_step = count_ * c_;
    T* const y = band.y;
    for_strips(part, band, [&](int64_t column) {
      band.y = y + column * c_;
      kernels::depthwise<T>().band(band);
    });
  }
  template <class T>
  void make(const DepthwisePart& part, kernels::DepthwiseWeightBand<T> band) const {
    band.dy_row_step = count_ * c_;
    const T* const dy = band.dy;
    for_strips(part, band, [&](int64_t column) {
      band.dy = dy + column * c_;
      kernels::depthwise<T>().weight_band(band);
    });
  }

 private:
  DepthwiseBands(const DepthwisePlan& plan, std::vector<Taps> rows, std::vector<Taps> columns, int64_t step,
                 int64_t height, int64_t width, int64_t count);

  int64_t phases() const { return static_cast<int64_t>(columns_.size()); }

  // How outputs column .. column+count-1 of the part's rows are made. `columns` is filled with what they see, and
  // x_column set to the first pixel of the image that they do.
  kernels::DepthwiseSlide slide(const DepthwisePart& part, int64_t column, int64_t count, std::vector<Taps>& columns,
                                int64_t& x_column) const;

  template <class Band, class Body>
  void for_strips(const DepthwisePart& part, Band& band, Body body) const {
    const auto* const x = band.x;
    band.x_row_step = width_ * c_;
    band.c = c_;
    band.first = part.first;
    band.last = part.last;
    std::vector<Taps> columns;
    for (int64_t at = 0; at < part.columns; at += strip_) {
      int64_t x_column = 0;
      band.slide = slide(part, part.column + at, std::min(strip_, part.columns - at), columns, x_column);
      band.x = x + x_column * c_;
      const Buffer scratch(static_cast<size_t>(kernels::depthwise_scratch_bytes(band.slide)));
      band.scratch = scratch.data();
      body(part.column + at);
    }
  }

  std::vector<Taps> rows_, columns_;
  int64_t images_, step_, width_, count_, c_, kh_, kw_;
  int64_t work_;  // products of an image
  int64_t slots_ = 1, divisor_ = 1;
  int64_t strip_;  // outputs of a row made at a time: a multiple of the phases
};

// The channels of part `part` of `parts`: whole lines, so that no two parts write to one.
struct DepthwiseChannels {
  int64_t first, last;

  static int64_t lines(int64_t c);
  DepthwiseChannels(int64_t c, int64_t part, int64_t parts);
};

}  // namespace juanji
