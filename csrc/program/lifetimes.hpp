// Places in one block of memory for buffers that live for a part of a program's steps.
#pragma once

#include <cstddef>
#include <vector>

namespace juanji {

// Alive from step `first` to step `last`, both included.
struct Lifetime {
  size_t bytes;
  size_t first, last;
  size_t offset = 0;
};

// Sets the offsets, aligned to kAlignment, so that buffers alive at the same step do not overlap and large ones begin
// at different places of a page; returns the bytes needed in all. Largest first, each at the lowest offset that is free
// during its life (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, greedy by
// size).
size_t place_by_lifetime(std::vector<Lifetime>& buffers);

}  // namespace juanji
