#include "core/buffer_pool.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "core/fork.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace juanji {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
// A loop reuses blocks of every size it needs, and those add up to more than it ever holds at once; twice that much
// lets each size keep its blocks. Small pools are always worth keeping.
constexpr size_t kAlwaysKept = size_t{64} << 20;

// The size stands in front of the block so that release() needs no look-up. One alignment unit keeps it aligned.
struct Header {
  size_t bytes;
};
constexpr size_t kHeader = kAlignment;
static_assert(sizeof(Header) <= kHeader);

// Four size classes an octave: at most a quarter of a block is wasted, and nearby sizes share blocks.
size_t size_class(size_t bytes) {
  if (bytes <= 256) return 256;
  size_t octave = 256;
  while (octave * 2 < bytes) octave *= 2;
  const size_t step = octave / 4;
  return (bytes + step - 1) / step * step;
}

struct Pool {
  std::mutex mutex;
  std::map<size_t, std::vector<void*>> idle;
  size_t idle_bytes = 0;
  size_t used_bytes = 0;
  size_t peak_bytes = 0;

  Pool() { open_at_fork(mutex); }
};

// Never destroyed: arrays may outlive static destruction at interpreter exit.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

void* allocate_fresh(size_t bytes) {
  const size_t total = bytes + kHeader;
  const size_t alignment = total >= kHugePage ? kHugePage : kAlignment;
  const size_t rounded = (total + alignment - 1) / alignment * alignment;
  void* base = rounded < total ? nullptr : std::aligned_alloc(alignment, rounded);
  if (base == nullptr) throw OutOfMemory(bytes);
#if defined(__linux__)
  if (alignment == kHugePage) madvise(base, rounded, MADV_HUGEPAGE);  // a hint: failure changes nothing
#endif
  static_cast<Header*>(base)->bytes = bytes;
  return static_cast<char*>(base) + kHeader;
}

void free_block(void* block) { std::free(static_cast<char*>(block) - kHeader); }
size_t block_bytes(void* block) { return reinterpret_cast<Header*>(static_cast<char*>(block) - kHeader)->bytes; }

void count_use(Pool& p, size_t bytes) {
  p.used_bytes += bytes;
  if (p.used_bytes > p.peak_bytes) p.peak_bytes = p.used_bytes;
}

void drop_largest(Pool& p) {
  auto largest = std::prev(p.idle.end());
  free_block(largest->second.back());
  p.idle_bytes -= largest->first;
  largest->second.pop_back();
  if (largest->second.empty()) p.idle.erase(largest);
}

}  // namespace

OutOfMemory::OutOfMemory(size_t bytes)
    : message_("out of memory: expected " + std::to_string(bytes) +
               " free bytes for one array, got fewer. Use smaller batches or shapes.") {}

void* pool_allocate(size_t bytes) {
  if (bytes > SIZE_MAX / 2) throw OutOfMemory(bytes);
  const size_t wanted = size_class(bytes);
  Pool& p = pool();
  {
    const std::lock_guard<std::mutex> lock(p.mutex);
    const auto found = p.idle.find(wanted);
    if (found != p.idle.end()) {
      void* block = found->second.back();
      found->second.pop_back();
      if (found->second.empty()) p.idle.erase(found);
      p.idle_bytes -= wanted;
      count_use(p, wanted);
      return block;
    }
  }
  void* block = allocate_fresh(wanted);
  const std::lock_guard<std::mutex> lock(p.mutex);
  count_use(p, wanted);
  return block;
}

void pool_release(void* block) noexcept {
  if (block == nullptr) return;
  Pool& p = pool();
  const size_t bytes = block_bytes(block);
  const std::lock_guard<std::mutex> lock(p.mutex);
  p.used_bytes -= bytes;
  try {
    p.idle[bytes].push_back(block);
    p.idle_bytes += bytes;
  } catch (...) {
    free_block(block);
    return;
  }
  const size_t keep = 2 * p.peak_bytes > kAlwaysKept ? 2 * p.peak_bytes : kAlwaysKept;
  while (p.idle_bytes + p.used_bytes > keep && p.idle_bytes > 0) drop_largest(p);
}

void pool_trim() noexcept {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  while (p.idle_bytes > 0) drop_largest(p);
  p.peak_bytes = p.used_bytes;
}

PoolStatistics pool_statistics() {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  return {p.used_bytes, p.idle_bytes};
}

}  // namespace juanji
