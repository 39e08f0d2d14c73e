// Source rows of a depthwise convolution, a cache line of channels wide. Only kernel files may include this.
#pragma once

#include "kernels/depthwise.hpp"
#include "kernels/pixel_store.hpp"

namespace juanji::kernels::JUANJI_ISA {

template <class T>
constexpr int64_t kLine = kDepthwiseLine / static_cast<int64_t>(sizeof(T));
template <class T>
constexpr int kLineVectors = static_cast<int>(kLine<T> / kWidth<T>);

// How many of `count` pixels of n channels, `step` elements apart, may be loaded by whole vectors: where nothing lies
// between pixels, all but the last ones are followed by others.
template <class T>
JUANJI_INLINE int64_t whole_pixels(int64_t step, int64_t count, int64_t n) {
  const int64_t loaded = (n + kWidth<T> - 1) / kWidth<T> * kWidth<T>;
  if (step != n && loaded != n) return 0;
  return count * n < loaded ? 0 : (loaded == n ? count : (count * n - loaded) / n + 1);
}

// `count` pixels of n channels, `step` elements apart, into lines that follow each other. Of a line only the vectors
// that have channels are written; the lanes behind them get anything.
template <class T>
JUANJI_INLINE void gather_lines(const T* from, int64_t step, T* lines, int64_t count, int64_t n) {
  int64_t k = 0;
  if (n == kLine<T>) {
    for (; k < count; ++k) {
#pragma GCC unroll 4
      for (int64_t i = 0; i < kLine<T>; i += kWidth<T>) store(lines + k * kLine<T> + i, load(from + k * step + i));
    }
    return;
  }
  for (const int64_t whole = whole_pixels<T>(step, count, n); k < whole; ++k) {
    for (int64_t i = 0; i < n; i += kWidth<T>) store(lines + k * kLine<T> + i, load(from + k * step + i));
  }
  for (; k < count; ++k) {
    for_vectors<T>(
        n, [&](int64_t i, auto lanes)
               __attribute__((always_inline)) { store(lines + k * kLine<T> + i, lanes.load(from + k * step + i)); });
  }
}

// The way back, of n channels alone.
template <class T>
JUANJI_INLINE void scatter_lines(const T* lines, T* to, int64_t step, int64_t count, int64_t n) {
  if (step == n && n < kWidth<T>) {
    const PixelStore<T, FirstLanes<T>> pixels{to, n, count, FirstLanes<T>{n}};
    for (int64_t k = 0; k < count; ++k) pixels.put(k, 0, load(lines + k * kLine<T>));
    return;
  }
  for (int64_t k = 0; k < count; ++k) {
    for_vectors<T>(
        n, [&](int64_t i, auto lanes)
               __attribute__((always_inline)) { lanes.store(to + k * step + i, load(lines + k * kLine<T> + i)); });
  }
}

// The slots of an output row's source rows, one after another.
struct RingWalk {
  int64_t at, slots, step;

  JUANJI_INLINE_MEMBER RingWalk(const DepthwiseSlide& slide, const DepthwiseTaps& rows)
      : at(rows.source / slide.divisor % slide.slots),
        slots(slide.slots),
        step(rows.source_step / slide.divisor % slide.slots) {}

  JUANJI_INLINE_MEMBER void next() {
    at += step;
    if (at >= slots) at -= slots;
  }
};

// The scratch memory of a band: the ring, the weights and a row of outputs of a line of channels.
template <class T, class Band>
class BandMemory {
 public:
  T *ring, *weights, *outputs;

  JUANJI_INLINE_MEMBER explicit BandMemory(const Band& band)
      : ring(static_cast<T*>(band.scratch)),
        weights(ring + band.slide.slots * band.slide.pixels * kLine<T>),
        outputs(weights + band.slide.kh * band.slide.kw * kLine<T>),
        band_(band),
        held_(reinterpret_cast<int64_t*>(outputs + band.slide.count * kLine<T>)) {
    const DepthwiseSlide& s = band.slide;
    if ((band.last - band.first) % kLine<T> != 0) {
      // Vectors that a last line of few channels never writes are read all the same, two at a time.
      clear(ring, s.slots * s.pixels + s.kh * s.kw + s.count);
      return;
    }
    const int64_t behind = s.before + s.width;
    for (int64_t slot = 0; slot < s.slots; ++slot) {
      clear(ring + slot * s.pixels * kLine<T>, s.before);
      clear(ring + (slot * s.pixels + behind) * kLine<T>, s.pixels - behind);
    }
  }

  // The ring is for the n channels from `channel` on from here on.
  JUANJI_INLINE_MEMBER void begin(int64_t channel, int64_t n) {
    image_ = band_.x + channel;
    n_ = n;
    for (int64_t s = 0; s < band_.slide.slots; ++s) held_[s] = -1;
  }

  // Copies the source rows of output row `row` into the ring, as far as they are not there yet.
  JUANJI_INLINE_MEMBER void hold(int64_t row) {
    const DepthwiseSlide& s = band_.slide;
    const DepthwiseTaps& taps = s.rows[row];
    RingWalk walk(s, taps);
    for (int64_t v = 0; v < taps.count; ++v, walk.next()) {
      const int64_t source = taps.source + v * taps.source_step;
      if (held_[walk.at] == source) continue;
      held_[walk.at] = source;
      gather_lines(image_ + source * band_.x_row_step, band_.c, ring + (walk.at * s.pixels + s.before) * kLine<T>,
                   s.width, n_);
    }
  }

  // Where the pixels lie that are copied next after output row `row` of this line: of one more row, then of the next
  // line of channels, then to the right of this band. They are fetched a few at a time while sums are made.
  JUANJI_INLINE_MEMBER const T* next(int64_t row) const {
    const DepthwiseSlide& s = band_.slide;
    const bool last = row + 1 == s.row_count;
    const DepthwiseTaps& taps = s.rows[last ? 0 : row + 1];
    const int64_t source = taps.source + (taps.count > 0 ? taps.count - 1 : 0) * taps.source_step;
    const int64_t aside = !last ? 0 : image_ + kLine<T> < band_.x + band_.last ? kLine<T> : s.width * band_.c;
    return image_ + source * band_.x_row_step + aside;
  }

 private:
  JUANJI_INLINE_MEMBER static void clear(T* lines, int64_t count) {
    for (int64_t i = 0; i < count * kLine<T>; i += kWidth<T>) store(lines + i, zero<T>());
  }

  const Band& band_;
  int64_t* held_;
  const T* image_ = nullptr;
  int64_t n_ = 0;
};

// body(first channel, channels of the line, vectors that hold them) for the lines of first .. last-1.
template <class T, class Body>
JUANJI_INLINE void for_lines(int64_t first, int64_t last, Body body) {
  for (int64_t i = first; i < last; i += kLine<T>) {
    const int64_t n = last - i < kLine<T> ? last - i : kLine<T>;
    body(i, n, static_cast<int>((n + kWidth<T> - 1) / kWidth<T>));
  }
}

// Fetches a line of each of `count` pixels, `step` elements apart.
template <class T>
JUANJI_INLINE void fetch(const T* pixel, int64_t step, int64_t count) {
  for (int64_t k = 0; k < count; ++k) __builtin_prefetch(pixel + k * step, 0, 2);
}

// sum[n] += x[n*step] · factor, for H vectors of a line.
template <class T, int N, int H>
JUANJI_INLINE void add_products(Vec<T> (&sum)[N][H], const T* x, int64_t step, const T* factor) {
#pragma GCC unroll 2
  for (int k = 0; k < H; ++k) {
    const Vec<T> f = load(factor + k * kWidth<T>);
#pragma GCC unroll 14
    for (int n = 0; n < N; ++n) sum[n][k] += load(x + n * step + k * kWidth<T>) * f;
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
