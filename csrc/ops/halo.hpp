// Rows of images with the padding around them.
#pragma once

#include <cstdint>
#include <vector>

namespace juanji {

// Copies padded rows [row, row + count) of an image (h, w, channels) into dst[count][width][channels]; padded row r
// is image row r - top, padded column j is image column j - left, and what lies outside is zero.
template <class T>
void copy_with_halo(const T* image, int64_t h, int64_t w, int64_t channels, int64_t top, int64_t left, int64_t row,
                    int64_t count, int64_t width, T* dst);

// One image's share of a range of rows of all images, counted through.
struct Part {
  int64_t image;
  int64_t begin;  // rows within the image
  int64_t end;
};
std::vector<Part> split_rows(int64_t begin, int64_t end, int64_t rows_per_image);

}  // namespace juanji
