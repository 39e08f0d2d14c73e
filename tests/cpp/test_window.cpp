#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "ops/window.hpp"

namespace juanji {
namespace {

Window window(int64_t kernel, int64_t stride, int64_t dilation, Padding padding) {
  return {{kernel, kernel}, {stride, stride}, {dilation, dilation}, padding};
}

const Padding kSame{Padding::Mode::same};
const Padding kValid{Padding::Mode::valid};

std::string message(const Window& w, int64_t height, int64_t width) {
  try {
    resolve("op", w, height, width);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "nothing thrown";
}

}  // namespace

TEST(Window, SameFollowsTensorFlow) {
  // (size, kernel, stride, dilation) -> outputs, before, after: outputs = ceil(size / stride) and the odd pixel after
  const int64_t cases[][7] = {{32, 3, 1, 1, 32, 1, 1}, {32, 3, 2, 1, 16, 0, 1}, {33, 3, 2, 1, 17, 1, 1},
                              {5, 2, 1, 1, 5, 0, 1},   {7, 2, 2, 1, 4, 0, 1},   {8, 2, 2, 1, 4, 0, 0},
                              {10, 1, 3, 1, 4, 0, 0},  {9, 3, 1, 2, 9, 2, 2},   {1, 5, 1, 1, 1, 2, 2},
                              {6, 4, 3, 2, 2, 2, 2}};
  for (const auto& c : cases) {
    const WindowGeometry g = resolve("op", window(c[1], c[2], c[3], kSame), c[0], c[0]);
    EXPECT_EQ(g.oh, c[4]);
    EXPECT_EQ(g.ow, c[4]);
    EXPECT_EQ(g.top, c[5]);
    EXPECT_EQ(g.left, c[5]);
    EXPECT_EQ(g.bottom, c[6]);
    EXPECT_EQ(g.right, c[6]);
  }
}

TEST(Window, ValidCountsTheWindowsThatFit) {
  for (int64_t size = 1; size <= 12; ++size) {
    for (int64_t kernel = 1; kernel <= 4; ++kernel) {
      for (int64_t stride = 1; stride <= 4; ++stride) {
        for (int64_t dilation = 1; dilation <= 3; ++dilation) {
          const int64_t span = (kernel - 1) * dilation + 1;
          if (span > size) continue;
          int64_t fit = 0;
          for (int64_t start = 0; start + span <= size; start += stride) ++fit;
          EXPECT_EQ(resolve("op", window(kernel, stride, dilation, kValid), size, size).oh, fit);
        }
      }
    }
  }
}

TEST(Window, ExplicitAmountsAreTakenAsTheyAre) {
  const Window w{{3, 2}, {2, 1}, {1, 3}, {Padding::Mode::amounts, 1, 2, 3, 0}};
  const WindowGeometry g = resolve("op", w, 8, 6);
  EXPECT_EQ(g.oh, (8 + 3 - 3) / 2 + 1);
  EXPECT_EQ(g.ow, 6 + 3 - 4 + 1);
  EXPECT_EQ(g.top, 1);
  EXPECT_EQ(g.bottom, 2);
  EXPECT_EQ(g.left, 3);
  EXPECT_EQ(g.right, 0);
}

TEST(Window, ErrorsSayWhatCame) {
  EXPECT_EQ(message(window(2, 0, 1, kSame), 4, 4),
            "op: strides is out of range; expected two whole numbers from 1 to 2**30, got strides=(0, 0).");
  EXPECT_NE(message(window(-1, 1, 1, kSame), 4, 4).find("got kernel_size=(-1, -1)"), std::string::npos);
  EXPECT_NE(message(window(2, 1, -3, kSame), 4, 4).find("got dilation_rate=(-3, -3)"), std::string::npos);
  EXPECT_NE(message(window(2, INT64_MAX, 1, kSame), 4, 4).find("strides is out of range"), std::string::npos);
  EXPECT_NE(message(window(INT64_MAX, 1, INT64_MAX, kValid), 4, 4).find("kernel_size is out"), std::string::npos);
  EXPECT_NE(message(window(2, 1, 1, kSame), 0, 4).find("got (height, width)=(0, 4)"), std::string::npos);
  EXPECT_NE(message(window(2, 1, 1, {Padding::Mode::amounts, -1, 0, 0, 0}), 4, 4).find("got padding=(-1, 0, 0, 0)"),
            std::string::npos);
  EXPECT_EQ(message(window(3, 1, 2, kValid), 4, 9),
            "op: the window is larger than the padded input; expected a window of at most (4, 9) pixels, dilation "
            "included, got kernel_size=(5, 5). Use padding='same', a smaller window or larger images.");
}

TEST(Window, TheLargestNumbersDoNotOverflow) {
  const int64_t huge = int64_t{1} << 30;
  EXPECT_NE(message(window(huge, 1, huge, kValid), 4, 4).find("larger than the padded input"), std::string::npos);
  const WindowGeometry g = resolve("op", window(huge, huge, huge, kSame), huge, huge);
  EXPECT_EQ(g.oh, 1);
  EXPECT_EQ(g.top + g.bottom, (huge - 1) * huge + 1 - huge);
}

}  // namespace juanji
