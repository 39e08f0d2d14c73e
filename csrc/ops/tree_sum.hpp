// Sums that tasks have made of their own parts.
#pragma once

#include <cstdint>

namespace juanji {

// out[j] = sum of partial[i][j] over i, `count` arrays of `size` elements: partial[0] += partial[1], partial[2] +=
// partial[3], ..., then the same at distance 2, 4, ..., whatever the number of threads. Overwrites `partial`.
template <class T>
void tree_sum(T* partial, int64_t count, int64_t size, T* out);

}  // namespace juanji
