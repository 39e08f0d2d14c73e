#include "program/lifetimes.hpp"

#include <algorithm>
#include <numeric>

#include "core/buffer_pool.hpp"
#include "core/page_place.hpp"

namespace juanji {
namespace {

// What a buffer takes in the block: a large one moves within it to its place in a page.
size_t taken_bytes(const Lifetime& buffer) {
  const size_t aligned = (buffer.bytes + kAlignment - 1) / kAlignment * kAlignment;
  return buffer.bytes < kPlacedBytes ? aligned : aligned + kPage - kAlignment;
}

}  // namespace

size_t place_by_lifetime(std::vector<Lifetime>& buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<const Lifetime*> placed;  // by offset
  size_t total = 0;
  for (const size_t i : order) {
    Lifetime& buffer = buffers[i];
    const size_t bytes = taken_bytes(buffer);
    size_t offset = 0;
    for (const Lifetime* other : placed) {
      if (other->last < buffer.first || buffer.last < other->first) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + taken_bytes(*other));
    }
    buffer.offset = offset;
    total = std::max(total, offset + bytes);
    const auto behind = std::upper_bound(placed.begin(), placed.end(), offset,
                                         [](size_t at, const Lifetime* other) { return at < other->offset; });
    placed.insert(behind, &buffer);
  }
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].bytes >= kPlacedBytes) buffers[i].offset += (page_place(i) - buffers[i].offset) % kPage;
  }
  return total;
}

}  // namespace juanji
