// Direct convolution on raw memory: the engine of the forward pass and of the input gradient.
//
// In N,H,W,C the im2col row of an output pixel is KH contiguous runs of KW·C elements of the padded input. So the
// matrix kernel gets a pointer per output pixel and the runs, and nothing is ever unrolled into a matrix: each task
// copies the few input rows it needs into a buffer with a halo of zeros (or reads the input itself when there is no
// padding).
#pragma once

#include <cstdint>
#include <vector>

#include "core/function_ref.hpp"
#include "kernels/activation.hpp"

namespace juanji {

// Output pixel (i, j) reads padded input pixel (i * sh + h, j * sw + w) for each tap.
struct Tap {
  int64_t h;
  int64_t w;
};

// A regular grid of output pixels that share taps. The forward pass has one; the input gradient of a strided
// convolution has sh * sw of them (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?").
struct Phase {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t y_offset = 0;  // of grid pixel (0, 0) within an output image, in elements
  std::vector<Tap> taps;
};

template <class T>
struct DirectConv {
  // input (images, h, w, channels); `top` and `left` padding, bottom and right as far as the taps reach
  const T* x = nullptr;
  // Or a function that writes rows [row, row + count) of an image to `to` when they are needed, for convolutions
  // without padding: what it makes never leaves L2. Tasks that share rows make them once more.
  const FunctionRef<void(int64_t image, int64_t row, int64_t count, T* to)>* make_rows = nullptr;
  int64_t images = 0, h = 0, w = 0, channels = 0;
  int64_t top = 0, left = 0;
  int64_t sh = 1, sw = 1;
  // output grid: element steps between images, grid rows and grid columns
  T* y = nullptr;
  int64_t y_image = 0, y_row = 0, y_column = 0;
  int64_t y_channels = 0;
  int64_t groups = 1;
  std::vector<Phase> phases;
  const T* bias = nullptr;
  bool add = false;  // y holds what is added before the activation; not with `pooled`
  Activation activation = Activation::none;
  // With `pooled`, y holds the maxima of 2×2 windows of the (only) phase, whose last row or column is left out where
  // their number is odd; y_image, y_row and y_column are those of the pooled image, argmax (or null) has its shape.
  bool pooled = false;
  uint8_t* argmax = nullptr;
  // Told when `elements` more of an image's output are there, by the thread that has made them; not with `pooled`.
  const FunctionRef<void(int64_t image, int64_t elements)>* finished = nullptr;
};

// How the weights of one phase and group enter: element (tap, input channel, output channel) of a packed matrix
// comes from w[tap_offset + channel * channel_step + output * output_step].
struct WeightLayout {
  std::vector<int64_t> tap_offset;  // per tap of the phase
  int64_t channel_step;
  int64_t output_step;  // one of the two steps is 1
  int64_t group_step;   // from one group's weights to the next
};

// The weights in the order in which the kernel reads them, for convolutions that share them: of `conv` only channels,
// groups and taps are read. The order belongs to the instruction set in use. layouts[i] belongs to phases[i].
template <class T>
int64_t packed_weights_size(const DirectConv<T>& conv);  // elements
template <class T>
void pack_weights(const DirectConv<T>& conv, const T* w, const std::vector<WeightLayout>& layouts, T* packed);

template <class T>
void direct_conv(const DirectConv<T>& conv, const T* packed);

// Packs, then runs.
template <class T>
void direct_conv(const DirectConv<T>& conv, const T* w, const std::vector<WeightLayout>& layouts);

}  // namespace juanji
