// Where large arrays begin within a page of memory.
//
// A load that follows a store to the same place of another page waits for it: processors compare the low 12 bits of
// addresses first ("4K aliasing", Intel 64 and IA-32 Architectures Optimization Reference Manual, section on store
// forwarding). Arrays that all begin at the start of a page, and whose pixels lie a power of two apart, meet that at
// every element; such pixels of all arrays also share few sets of the first cache.
#pragma once

#include <cstddef>

namespace juanji {

constexpr size_t kPage = 4096;
constexpr size_t kPlacedBytes = 8 * kPage;  // smaller arrays begin where they happen to: at most an eighth is wasted

// Bytes into a page for the n-th array. Steps of the golden section, in lines of the cache, keep the few arrays that
// one operation works on apart.
constexpr size_t page_place(size_t n) { return n * 25 % 64 * 64; }

}  // namespace juanji
