#include "kernels/max_pool_2x2.hpp"

#include "kernels/pixel_store.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

// The larger of two values and where it is. The first of equal ones wins, NaN is larger than everything and the first
// NaN wins.
template <class T>
struct Best {
  Vec<T> value;
  IntVec<T> at;
};

template <class T>
JUANJI_INLINE Best<T> larger(Best<T> first, Best<T> second) {
  const IntVec<T> better = ~(second.value <= first.value) & (first.value == first.value);
  return {better ? second.value : first.value, better ? second.at : first.at};
}

template <class T>
JUANJI_INLINE Best<T> candidate(Vec<T> value, int position) {
  return {value, IntVec<T>{} + static_cast<Int<T>>(position)};
}

template <class T, bool kArgmax, class Lanes>
JUANJI_INLINE void pool_pixel(const MaxPoolRow<T>& r, int64_t x, int64_t y, Lanes lanes) {
  const Best<T> top = larger(candidate<T>(lanes.load(r.top + x), 0), candidate<T>(lanes.load(r.top + x + r.x_step), 1));
  const Best<T> bottom =
      larger(candidate<T>(lanes.load(r.bottom + x), 2), candidate<T>(lanes.load(r.bottom + x + r.x_step), 3));
  const Best<T> best = larger(top, bottom);
  lanes.store(r.y + y, best.value);
  if constexpr (kArgmax) lanes.store_integers(r.argmax + y, best.at);
}

// The last vector of a pixel overlaps the one before and gives the same results twice; pixels of less than a vector use
// whole ones where what they spill behind a pixel is overwritten by the pixels behind.
template <class T, bool kArgmax>
void pool_row(const MaxPoolRow<T> r) {
  constexpr int64_t W = kWidth<T>;
  if (r.c < W) {
    const bool dense = r.x_step == r.c && r.y_step == r.c;
    for (int64_t t = 0; t < r.count; ++t) {
      const bool spill = dense && (r.count - t) * r.c >= W;
      if (spill) {
        pool_pixel<T, kArgmax>(r, 2 * t * r.x_step, t * r.y_step, AllLanes<T>{});
      } else {
        pool_pixel<T, kArgmax>(r, 2 * t * r.x_step, t * r.y_step, FirstLanes<T>{r.c});
      }
    }
    return;
  }
  for (int64_t t = 0; t < r.count; ++t) {
    const int64_t x = 2 * t * r.x_step, y = t * r.y_step;
    int64_t i = 0;
    for (; i + W <= r.c; i += W) pool_pixel<T, kArgmax>(r, x + i, y + i, AllLanes<T>{});
    if (i < r.c) pool_pixel<T, kArgmax>(r, x + r.c - W, y + r.c - W, AllLanes<T>{});
  }
}

template <class T>
void row(const MaxPoolRow<T>& r) {
  r.argmax ? pool_row<T, true>(r) : pool_row<T, false>(r);
}

// What passes to position `at` of a window, for the vector of channels from i on.
template <class T, class Lanes>
JUANJI_INLINE Vec<T> passed(const MaxPoolGradientRow<T>& r, int64_t i, Lanes lanes) {
  const Vec<T> dy = lanes.load(r.dy + i);
  return r.y == nullptr ? dy : lanes.load(r.y + i) > zero<T>() ? dy : zero<T>();
}

template <class T>
JUANJI_INLINE Vec<T> at_position(IntVec<T> argmax, int64_t position, Vec<T> dy) {
  return argmax == static_cast<Int<T>>(position) ? dy : zero<T>();
}

// Pixels first .. last of the window that begins at `pixel`, for the vector of channels from i on.
template <class T, bool kSum, class Lanes>
JUANJI_INLINE void gradient_window(const MaxPoolGradientRow<T>& r, int64_t pixel, int first, int last, int64_t i,
                                   Lanes lanes, const PixelStore<T, Lanes>& dx, const T* sum_from, T* sum_to) {
  const int64_t from = pixel / 2 * r.c + i;
  const Vec<T> dy = passed(r, from, lanes);
  const IntVec<T> argmax = lanes.load_integers(r.argmax + from);
  Vec<T> sum = kSum ? lanes.load(sum_from) : zero<T>();
#pragma GCC unroll 2
  for (int q = first; q <= last; ++q) {
    const Vec<T> d = at_position<T>(argmax, r.position + q, dy);
    dx.put(pixel + q, 0, d);
    sum += d;
  }
  if constexpr (kSum) lanes.store(sum_to, sum);
}

// All channels of the pixels begin .. end-1, in the order of memory; the sums stay in the first cache. Where channels
// do not fill the last vector, it overlaps the one before and gives the same results twice; its sums are kept apart.
template <class T, bool kSum>
void gradient_row_with(const MaxPoolGradientRow<T> r) {
  constexpr int64_t W = kWidth<T>;
  const int64_t covered = 2 * r.count < r.end ? 2 * r.count : r.end;
  const int64_t rest = r.c % W == 0 ? -1 : r.c - W;
  T last_sum[W] = {};
  if (kSum && rest >= 0) store(last_sum, load(r.sum + rest));
  const auto window = [&](int64_t pixel, int first, int last) __attribute__((always_inline)) {
    if (r.c < W) {
      const FirstLanes<T> lanes{r.c};
      gradient_window<T, kSum>(r, pixel, first, last, 0, lanes, PixelStore<T, FirstLanes<T>>(r.dx, r.c, r.end, lanes),
                               r.sum, r.sum);
      return;
    }
    const AllLanes<T> lanes{};
    int64_t i = 0;
    for (; i + W <= r.c; i += W) {
      gradient_window<T, kSum>(r, pixel, first, last, i, lanes, PixelStore<T, AllLanes<T>>(r.dx + i, r.c, r.end, lanes),
                               r.sum + i, r.sum + i);
    }
    if (rest >= 0) {
      gradient_window<T, kSum>(r, pixel, first, last, rest, lanes,
                               PixelStore<T, AllLanes<T>>(r.dx + rest, r.c, r.end, lanes), last_sum, last_sum);
    }
  };
  int64_t pixel = r.begin;
  if (pixel % 2 != 0 && pixel < covered) window(pixel++ - 1, 1, 1);
  // A window's pixels share what they load; with many channels writing to two places costs more than loading twice.
  if (r.c * static_cast<int64_t>(sizeof(T)) <= 256) {
    for (; pixel + 2 <= covered; pixel += 2) window(pixel, 0, 1);
  } else {
    for (; pixel + 2 <= covered; pixel += 2) window(pixel, 0, 0), window(pixel, 1, 1);
  }
  if (pixel < covered) window(pixel++, 0, 0);
  for (int64_t i = pixel * r.c; i < r.end * r.c; ++i) r.dx[i] = 0;
  if (kSum && rest >= 0) store(r.sum + rest, load(last_sum));
}

template <class T>
void gradient_row(const MaxPoolGradientRow<T>& r) {
  if (r.c == 0) return;
  r.sum ? gradient_row_with<T, true>(r) : gradient_row_with<T, false>(r);
}

}  // namespace

template <class T>
MaxPool2x2Table<T> max_pool_2x2() {
  return {&row<T>, &gradient_row<T>};
}

template MaxPool2x2Table<float> max_pool_2x2<float>();
template MaxPool2x2Table<double> max_pool_2x2<double>();

}  // namespace juanji::kernels::JUANJI_ISA
