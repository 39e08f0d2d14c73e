// A convolution with the batch statistics of its output, for recorded training steps.
//
// Statistics are sums over images or a few of them (ops/channel_rows). Whoever writes the last element of such a part
// sums it, while it lies in a cache: with one pass over memory less, the bits are those of Conv2D and BatchMoments.
#pragma once

#include <atomic>
#include <vector>

#include "ops/batch_norm_parts.hpp"
#include "ops/conv2d.hpp"

namespace juanji {

// x, w[, b] -> y, mean (OC), variance (OC)
struct Conv2DMoments : Operation {
  Conv2D conv;

  std::string name() const override { return "conv2d_moments"; }
  // Whether the sums over an output y are cut at images.
  static bool fits(const TensorSpec& y) { return ChannelRows(y).images > 0; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  size_t workspace(const std::vector<TensorSpec>& inputs) const override;
  bool saves_multiplications(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// Batch statistics of an array (N, H, W, C) that is being written, for which Conv2DMoments::fits.
template <class T>
class MomentsOnTheWay {
 public:
  // `memory` holds bytes(y).
  MomentsOnTheWay(const Tensor& y, void* memory);
  static size_t bytes(const TensorSpec& y);

  // `elements` more of an image are there; to be called by the thread that has written them.
  void finished(int64_t image, int64_t elements);
  // Once all are there.
  void take(T* mean, T* variance) const;

 private:
  const T* y_;
  ChannelRows cut_;
  ChannelPartials parts_;
  std::vector<std::atomic<int64_t>> missing_;  // elements of each part
};

}  // namespace juanji
