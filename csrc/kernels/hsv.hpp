// Colours as red, green, blue and as hue, saturation, value. All numbers are in 0..1, a pixel is three of them.
#pragma once

#include <stdint.h>

#include "kernels/dispatch.hpp"

namespace juanji::kernels {

template <class T>
struct HsvTable {
  void (*from_rgb)(const T* x, T* y, int64_t pixels);
  void (*from_rgb_gradient)(const T* x, const T* dy, T* dx, int64_t pixels);
  void (*to_rgb)(const T* x, T* y, int64_t pixels);
  void (*to_rgb_gradient)(const T* x, const T* dy, T* dx, int64_t pixels);
};

JUANJI_KERNEL_FAMILY(HsvTable, hsv)

}  // namespace juanji::kernels
