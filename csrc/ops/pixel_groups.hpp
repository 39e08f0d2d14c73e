// Convolutions with few output channels, several pixels at a time.
//
// One to four channels leave most lanes of a vector empty. But r neighbouring pixels of a row lie in memory as one with
// r·OC channels does, and are one of a convolution with stride r, whose window is r - 1 columns wider; each of the
// r·OC channels has the weights of its own taps, and zeros for those that only its neighbours see. Sums therefore have
// the same terms in the same order, with zeros between them; an infinity or NaN reaches all r pixels.
#pragma once

#include <vector>

#include "core/buffer_pool.hpp"
#include "ops/direct_conv.hpp"

namespace juanji {

// How many pixels of a row are best computed as one: 1 where nothing is gained, or it cannot be done.
template <class T>
int64_t pixels_together(const DirectConv<T>& conv);

// The convolution that computes `pixels` of another at a time, and its weights.
template <class T>
class PixelGroups {
 public:
  PixelGroups(const DirectConv<T>& conv, const T* w, const WeightLayout& layout, int64_t pixels);

  const DirectConv<T>& conv() const { return conv_; }
  const T* weights() const { return weights_.template as<T>(); }
  const WeightLayout& layout() const { return layout_; }

 private:
  DirectConv<T> conv_;
  WeightLayout layout_;
  Buffer weights_, bias_;
};

}  // namespace juanji
