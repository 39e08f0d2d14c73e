// Source rows of a depthwise convolution, a cache line of channels wide. Only kernel files may include this.
#pragma once

#include "kernels/depthwise.hpp"
#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
constexpr int64_t kLine = kDepthwiseLine / static_cast<int64_t>(sizeof(T));
template <class T>
constexpr int kLineVectors = static_cast<int>(kLine<T> / kWidth<T>);

// `count` lines of n channels, `step` elements apart, into whole lines that follow each other; lanes from n on get
// zero.
template <class T>
JUANJI_INLINE void gather_lines(const T* from, int64_t step, T* lines, int64_t count, int64_t n) {
  if (n == kLine<T>) {
    for (int64_t k = 0; k < count; ++k) {
#pragma GCC unroll 4
      for (int64_t i = 0; i < kLine<T>; i += kWidth<T>) store(lines + k * kLine<T> + i, load(from + k * step + i));
    }
    return;
  }
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t i = 0; i < kLine<T>; i += kWidth<T>) {
      const int64_t rest = n - i < 0 ? 0 : n - i;
      store(lines + k * kLine<T> + i,
            rest < kWidth<T> ? load_partial(from + k * step + i, rest) : load(from + k * step + i));
    }
  }
}

// The way back, of n channels alone.
template <class T>
JUANJI_INLINE void scatter_lines(const T* lines, T* to, int64_t step, int64_t count, int64_t n) {
  for (int64_t k = 0; k < count; ++k) {
    for_vectors<T>(
        n, [&](int64_t i, auto lanes)
               __attribute__((always_inline)) { lanes.store(to + k * step + i, load(lines + k * kLine<T> + i)); });
  }
}

// The slots of an output row's source rows, one after another.
struct RingWalk {
  int64_t at, slots, step;

  JUANJI_INLINE_MEMBER RingWalk(const DepthwiseRing& ring, const DepthwiseTaps& rows)
      : at(rows.source / ring.divisor % ring.slots),
        slots(ring.slots),
        step(rows.source_step / ring.divisor % ring.slots) {}

  JUANJI_INLINE_MEMBER void next() {
    at += step;
    if (at >= slots) at -= slots;
  }
};

template <class T>
class Ring {
 public:
  JUANJI_INLINE_MEMBER Ring(const DepthwiseRing& shape, int64_t image_width, int64_t channels, T* lines,
                            int64_t* row_numbers)
      : shape_(shape),
        width_(image_width),
        c_(channels),
        lines_(lines),
        held_(row_numbers) {
    for (int64_t i = 0; i < shape.slots * shape.pixels * kLine<T>; i += kWidth<T>) store(lines + i, zero<T>());
  }

  // The n channels from `image` on are what the rows hold from here on.
  JUANJI_INLINE_MEMBER void begin(const T* image, int64_t n) {
    image_ = image;
    n_ = n;
    for (int64_t s = 0; s < shape_.slots; ++s) held_[s] = -1;
  }

  // Copies the rows that the taps see, as far as they are not there yet.
  JUANJI_INLINE_MEMBER void hold(const DepthwiseTaps& taps) {
    RingWalk walk(shape_, taps);
    for (int64_t v = 0; v < taps.count; ++v, walk.next()) {
      const int64_t row = taps.source + v * taps.source_step;
      if (held_[walk.at] == row) continue;
      held_[walk.at] = row;
      gather_lines(pixel(row), c_, lines_ + (walk.at * shape_.pixels + shape_.before) * kLine<T>, width_, n_);
    }
  }

  // Fetches what output row `row` of the slide needs that the one before it does not: arithmetic goes on while it
  // comes. Behind the last one comes the first row of the next line of channels.
  JUANJI_INLINE_MEMBER void fetch(const DepthwiseSlide& slide, int64_t row) const {
    const bool next_line = row == slide.row_count;
    const DepthwiseTaps& taps = slide.rows[next_line ? 0 : row];
    for (int64_t v = next_line || taps.count == 0 ? 0 : taps.count - 1; v < taps.count; ++v) {
      const T* from = pixel(taps.source + v * taps.source_step) + (next_line ? kLine<T> : 0);
      for (int64_t k = 0; k < width_; ++k) __builtin_prefetch(from + k * c_, 0, 2);
    }
  }

 private:
  JUANJI_INLINE_MEMBER const T* pixel(int64_t row) const { return image_ + row * width_ * c_; }

  const DepthwiseRing& shape_;
  int64_t width_, c_;
  T* lines_;
  int64_t* held_;
  const T* image_ = nullptr;
  int64_t n_ = 0;
};

// The scratch memory of a band.
template <class T>
struct BandScratch {
  T *ring, *weights, *outputs;
  int64_t* held;

  template <class Band>
  JUANJI_INLINE_MEMBER explicit BandScratch(const Band& band)
      : ring(static_cast<T*>(band.scratch)),
        weights(ring + band.ring.slots * band.ring.pixels * kLine<T>),
        outputs(weights + band.kernel_size * kLine<T>),
        held(reinterpret_cast<int64_t*>(outputs + band.slide.count * kLine<T>)) {}
};

// body(first channel, channels of the line, vectors that hold them) for the lines of first .. last-1.
template <class T, class Body>
JUANJI_INLINE void for_lines(int64_t first, int64_t last, Body body) {
  for (int64_t i = first; i < last; i += kLine<T>) {
    const int64_t n = last - i < kLine<T> ? last - i : kLine<T>;
    body(i, n, static_cast<int>((n + kWidth<T> - 1) / kWidth<T>));
  }
}

template <int V>
struct Number {
  static constexpr int value = V;
};

template <int V, class Body>
JUANJI_INLINE void with_number_up_to(int64_t n, Body body) {
  if constexpr (V == 1) {
    body(Number<1>{});
  } else {
    n == V ? body(Number<V>{}) : with_number_up_to<V - 1>(n, body);
  }
}

// Cuts 0 .. n-1 into groups of nearly the same size, at most Most: body(first, size as a Number).
template <int Most, class Body>
JUANJI_INLINE void for_groups(int64_t n, Body body) {
  const int64_t groups = (n + Most - 1) / Most;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t first = n * g / groups;
    with_number_up_to<Most>(
        n * (g + 1) / groups - first, [&](auto size) __attribute__((always_inline)) { body(first, size); });
  }
}

// Vectors of a line that a group of `size` sums is made for at once, where registers hold `most` of them: few sums hide
// each other's latency badly.
template <class T>
constexpr int vectors_at_once(int size, int most) {
  return 2 * size <= most && kLineVectors<T> >= 2 ? 2 : 1;
}

}  // namespace juanji::kernels::JUANJI_ISA
