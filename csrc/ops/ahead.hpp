// Asking for memory ahead of its use, in shares.
#pragma once

#include <cstdint>

#include "kernels/matrix.hpp"

namespace juanji {

// Rows `part` / `parts` to (`part` + 1) / `parts`.
template <class T>
kernels::Ahead<T> share(const kernels::Ahead<T>& whole, int64_t part, int64_t parts) {
  if (whole.rows == 0) return {};
  const int64_t begin = whole.rows * part / parts;
  return {whole.from + begin * whole.step, whole.step, whole.rows * (part + 1) / parts - begin, whole.length};
}

}  // namespace juanji
