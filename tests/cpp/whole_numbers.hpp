// Arrays of small whole numbers, with which sums are exact.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace juanji {

constexpr int kUntouched = 99;

template <class T>
std::vector<T> whole_numbers(int64_t n, unsigned seed) {
  std::minstd_rand engine(seed);
  std::uniform_int_distribution<int> uniform(-4, 4);
  std::vector<T> values(static_cast<size_t>(n));
  for (T& v : values) v = static_cast<T>(uniform(engine));
  return values;
}

inline size_t at(int64_t i) { return static_cast<size_t>(i); }

}  // namespace juanji
