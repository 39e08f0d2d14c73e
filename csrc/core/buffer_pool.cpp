#include "core/buffer_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "core/fork.hpp"
#include "core/page_place.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace juanji {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
// A loop reuses blocks of every size it needs, and those add up to more than it ever holds at once; twice that much
// lets each size keep its blocks. Small pools are always worth keeping.
constexpr size_t kAlwaysKept = size_t{64} << 20;

// Stands in front of the block so that release() needs no look-up. One alignment unit keeps the block aligned.
struct Header {
  size_t bytes;
  void* base;  // what the operating system gave
};
constexpr size_t kHeader = kAlignment;
static_assert(sizeof(Header) <= kHeader);

Header* header(void* block) { return reinterpret_cast<Header*>(static_cast<char*>(block) - kHeader); }

// Four size classes an octave: at most a quarter of a block is wasted, and nearby sizes share blocks.
size_t size_class(size_t bytes) {
  if (bytes <= 256) return 256;
  size_t octave = 256;
  while (octave * 2 < bytes) octave *= 2;
  const size_t step = octave / 4;
  return (bytes + step - 1) / step * step;
}

// Idle blocks of one thread. Scratch of its tasks comes from here: no other thread is waited for, and the block is in
// this core's caches, not in another one's.
class Shelf {
 public:
  Shelf();
  ~Shelf();
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  // A block of this size class, or null.
  void* take(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int i = count_ - 1; i >= 0; --i) {
      if (places_[i].bytes == bytes) return remove(i);
    }
    return nullptr;
  }

  // Puts the block here. Returns one that has to leave: the oldest one, or the block itself if it is too large.
  void* put(void* block, size_t bytes) {
    if (bytes > kLargest) return block;
    const std::lock_guard<std::mutex> lock(mutex_);
    void* oldest = count_ == kPlaces || bytes_ + bytes > kMostBytes ? remove(0) : nullptr;
    places_[count_++] = {block, bytes};
    bytes_ += bytes;
    return oldest;
  }

  void* take_any() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return count_ == 0 ? nullptr : remove(count_ - 1);
  }

  size_t bytes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bytes_;
  }

 private:
  struct Place {
    void* block;
    size_t bytes;
  };
  static constexpr int kPlaces = 32;
  static constexpr size_t kMostBytes = size_t{8} << 20;  // and one block more
  static constexpr size_t kLargest = kMostBytes / 2;

  void* remove(int place) {
    void* block = places_[place].block;
    bytes_ -= places_[place].bytes;
    std::copy(places_ + place + 1, places_ + count_, places_ + place);
    --count_;
    return block;
  }

  std::mutex mutex_;  // held by another thread only in pool_trim and pool_statistics, inside the pool's
  int count_ = 0;
  size_t bytes_ = 0;
  Place places_[kPlaces];
};

thread_local bool shelf_is_gone = false;  // this thread ends, and what it still releases goes to the pool

Shelf* own_shelf() {
  if (shelf_is_gone) return nullptr;
  thread_local Shelf shelf;
  return &shelf;
}

void forget_other_shelves();

struct Pool {
  std::mutex mutex;
  std::map<size_t, std::vector<void*>> idle;
  std::vector<Shelf*> shelves;
  size_t idle_bytes = 0;
  size_t used_bytes = 0;  // and those on shelves
  size_t peak_bytes = 0;

  Pool() {
    open_at_fork(mutex);
    call_in_child(forget_other_shelves);
  }

  size_t shelved_bytes() const {
    size_t sum = 0;
    for (Shelf* shelf : shelves) sum += shelf->bytes();
    return sum;
  }
};

// Never destroyed: arrays may outlive static destruction at interpreter exit.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

void* allocate_fresh(size_t bytes) {
  if (bytes > SIZE_MAX / 2) throw OutOfMemory(bytes);
  static std::atomic<size_t> count{0};
  const size_t place = bytes < kPlacedBytes ? 0 : page_place(count.fetch_add(1, std::memory_order_relaxed));
  const size_t total = place + kHeader + bytes;
  const size_t alignment = total >= kHugePage ? kHugePage : kAlignment;
  const size_t rounded = (total + alignment - 1) / alignment * alignment;
  void* base = rounded < total ? nullptr : std::aligned_alloc(alignment, rounded);
  if (base == nullptr) throw OutOfMemory(bytes);
#if defined(__linux__)
  // A hint: failure changes nothing. A last page that would stay nearly empty, which is real memory, is left out.
  const size_t tail = total % kHugePage;
  if (alignment == kHugePage) {
    madvise(base, total - tail + (tail < kHugePage / 4 ? 0 : kHugePage), MADV_HUGEPAGE);
  }
#endif
  char* block = static_cast<char*>(base) + place + kHeader;
  *header(block) = {bytes, base};
  return block;
}

void free_block(void* block) { std::free(header(block)->base); }
size_t block_bytes(void* block) { return header(block)->bytes; }

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

void give_to_pool(void* block) {
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

Shelf::Shelf() {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  p.shelves.push_back(this);
}

Shelf::~Shelf() {
  shelf_is_gone = true;
  while (void* block = take_any()) give_to_pool(block);
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  p.shelves.erase(std::remove(p.shelves.begin(), p.shelves.end(), this), p.shelves.end());
}

// The threads of the others are not in this process, and may have been at work on them when it was forked.
void forget_other_shelves() {
  Shelf* own = own_shelf();
  std::vector<Shelf*>& shelves = pool().shelves;
  shelves.clear();
  if (own != nullptr) shelves.push_back(own);
}

}  // namespace

OutOfMemory::OutOfMemory(size_t bytes)
    : message_("out of memory: expected " + std::to_string(bytes) +
               " free bytes for one array, got fewer. Use smaller batches or shapes.") {}

void* pool_allocate(size_t bytes) {
  if (bytes > SIZE_MAX / 2) throw OutOfMemory(bytes);  // for which there is no size class
  const size_t wanted = size_class(bytes);
  Shelf* shelf = own_shelf();
  void* shelved = shelf == nullptr ? nullptr : shelf->take(wanted);
  if (shelved != nullptr) return shelved;
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
  Shelf* shelf = own_shelf();
  void* leaving = shelf == nullptr ? block : shelf->put(block, block_bytes(block));
  if (leaving != nullptr) give_to_pool(leaving);
}

void* lasting_allocate(size_t bytes) { return allocate_fresh(bytes); }

void lasting_release(void* block) noexcept { free_block(block); }

void pool_trim() noexcept {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  for (Shelf* shelf : p.shelves) {
    while (void* block = shelf->take_any()) {
      p.used_bytes -= block_bytes(block);
      free_block(block);
    }
  }
  while (p.idle_bytes > 0) drop_largest(p);
  p.peak_bytes = p.used_bytes;
}

PoolStatistics pool_statistics() {
  Pool& p = pool();
  const std::lock_guard<std::mutex> lock(p.mutex);
  const size_t shelved = p.shelved_bytes();
  return {p.used_bytes - shelved, p.idle_bytes + shelved};
}

}  // namespace juanji
