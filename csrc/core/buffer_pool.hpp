// Aligned memory that is reused: a fresh large malloc costs page faults at every step.
#pragma once

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace juanji {

constexpr size_t kAlignment = 64;

// Becomes Python's MemoryError, and says how much was asked for.
class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(size_t bytes);
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// Thread-safe. A block is at least `bytes` long, aligned to kAlignment, its contents undefined. Throws OutOfMemory.
void* pool_allocate(size_t bytes);
void pool_release(void* block) noexcept;  // nullptr is allowed

// The same for what lives long, such as weights: straight from the operating system and back to it.
void* lasting_allocate(size_t bytes);
void lasting_release(void* block) noexcept;

// Gives idle blocks back to the operating system.
void pool_trim() noexcept;

struct PoolStatistics {
  size_t in_use;  // bytes handed out
  size_t idle;    // bytes kept for reuse
};
PoolStatistics pool_statistics();

// A block that is released when it goes out of scope.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes) : data_(bytes == 0 ? nullptr : pool_allocate(bytes)) {}
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer() { pool_release(data_); }

  void* data() const { return data_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
};

}  // namespace juanji
