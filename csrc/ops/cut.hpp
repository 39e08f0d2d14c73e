// How work is cut into nearly equal parts.
#pragma once

#include <algorithm>
#include <cstdint>

namespace juanji {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A cut of [0, total) into `count` nearly equal blocks of a multiple of `unit`.
struct Cut {
  int64_t total;
  int64_t size;
  int64_t count;

  Cut(int64_t total_, int64_t largest, int64_t unit) : total(total_) {
    const int64_t blocks = std::max<int64_t>(1, ceil_div(total, std::max(unit, largest / unit * unit)));
    size = std::max<int64_t>(unit, ceil_div(ceil_div(total, blocks), unit) * unit);
    count = std::max<int64_t>(1, ceil_div(total, size));
  }
  int64_t begin(int64_t i) const { return i * size; }
  int64_t length(int64_t i) const { return std::min(size, total - i * size); }
};

}  // namespace juanji
