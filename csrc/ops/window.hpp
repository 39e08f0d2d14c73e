// The geometry of a window that slides over an image: shared by convolution, pooling and im2col.
#pragma once

#include <cstdint>
#include <string>

namespace juanji {

struct Padding {
  enum class Mode { valid, same, amounts };
  Mode mode = Mode::valid;
  int64_t top = 0, bottom = 0, left = 0, right = 0;  // read only when mode is amounts
};

// Pairs are (vertical, horizontal).
struct Window {
  int64_t kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1};
  int64_t dilation[2] = {1, 1};
  Padding padding;
};

// Output pixel (i, j) sees, at kernel position (p, q), input pixel (i*sh + p*dh - top, j*sw + q*dw - left) where that
// lies inside h × w, and padding where it does not. bottom and right are what the last window reaches for at most; rows
// and columns that no window reaches (a stride that does not divide) are legal.
struct WindowGeometry {
  int64_t h, w;                      // input
  int64_t oh, ow;                    // output, at least 1
  int64_t kh, kw;                    // kernel
  int64_t sh, sw;                    // stride
  int64_t dh, dw;                    // dilation
  int64_t top, bottom, left, right;  // padding
};

// Rows, and columns, that a dilated kernel spans: (kh - 1) dh + 1.
inline int64_t span_h(const WindowGeometry& g) { return (g.kh - 1) * g.dh + 1; }
inline int64_t span_w(const WindowGeometry& g) { return (g.kw - 1) * g.dw + 1; }

// Output size and padding as TensorFlow defines them: 'same' gives ceil(h / sh) rows and puts the odd row of padding at
// the bottom, 'valid' uses no padding (https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2).
// Throws std::invalid_argument in the name of `op` for sizes below 1, negative padding, a window larger than the padded
// input and numbers so large that they could overflow; `kernel_name` is what the caller calls the window.
WindowGeometry resolve(const std::string& op, const Window& window, int64_t h, int64_t w,
                       const char* kernel_name = "kernel_size");

}  // namespace juanji
