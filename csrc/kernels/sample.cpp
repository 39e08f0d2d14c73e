#include "kernels/sample.hpp"

#include "simd/lanes.hpp"

namespace juanji::kernels::JUANJI_ISA {
namespace {

constexpr int64_t kFar = int64_t{1} << 30;  // farther than any image is large, and exact in float32

// A coordinate cut into a whole number below and the rest. NaN stays in the rest.
template <class T>
struct Place {
  int64_t index;
  T part;
};

template <class T>
JUANJI_INLINE Place<T> cut(T v) {
  if (v < T(-kFar)) v = T(-kFar);
  if (v > T(kFar)) v = T(kFar);
  int64_t index = v == v ? static_cast<int64_t>(v) : -kFar;
  if (static_cast<T>(index) > v) --index;
  return {index, v - static_cast<T>(index)};
}

template <class T>
JUANJI_INLINE int64_t nearest(T v, Sampling sampling) {
  const Place<T> p = cut(v);
  if (p.part != T(0.5)) return p.index + (p.part > T(0.5));
  const bool up = sampling == Sampling::nearest_even ? (p.index & 1) != 0 : p.index >= 0;
  return p.index + up;
}

JUANJI_INLINE int64_t modulo(int64_t i, int64_t n) {
  const int64_t rest = i % n;
  return rest < 0 ? rest + n : rest;
}

// The element that stands for element i of an axis of n; -1 for a filled one.
JUANJI_INLINE int64_t fold(int64_t i, int64_t n, FillMode mode) {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case FillMode::constant: return -1;
    case FillMode::nearest: return i < 0 ? 0 : n - 1;
    case FillMode::wrap: return modulo(i, n);
    case FillMode::mirror: {
      if (n == 1) return 0;
      const int64_t at = modulo(i, 2 * (n - 1));
      return at < n ? at : 2 * (n - 1) - at;
    }
    case FillMode::reflect: {
      const int64_t at = modulo(i, 2 * n);
      return at < n ? at : 2 * n - 1 - at;
    }
  }
  return -1;
}

// The same for a coordinate between elements; the ends of wrapped and reflected axes are half an element wide.
template <class T>
JUANJI_INLINE T fold_point(T v, int64_t size, FillMode mode) {
  const T n = static_cast<T>(size), last = n - 1;
  if (mode == FillMode::constant || !(v < 0 || v > last)) return v;
  if (mode == FillMode::nearest || size == 1) return v < 0 ? 0 : last;
  if (v < T(-kFar)) v = T(-kFar);
  if (v > T(kFar)) v = T(kFar);
  if (mode == FillMode::wrap) {
    const T turns = static_cast<T>(static_cast<int64_t>((v < 0 ? -v : v) / last));
    v = v < 0 ? v + n * (turns + 1) : v - n * turns;
  } else if (mode == FillMode::reflect) {
    if (v < 0) v = -v - 1;  // the mirror stands at -1/2
    v -= 2 * n * static_cast<T>(static_cast<int64_t>(v / (2 * n)));
    if (v >= n) v = 2 * n - 1 - v;
  } else {
    if (v < 0) v = -v;
    v -= 2 * last * static_cast<T>(static_cast<int64_t>(v / (2 * last)));
    if (v > last) v = 2 * last - v;
  }
  return v < 0 ? 0 : v > last ? last : v;
}

template <class T>
void project(const T* t, int64_t h, int64_t w, FillMode mode, int64_t row, int64_t n, T* points) {
  const T y = static_cast<T>(row);
  if (t[6] == 0 && t[7] == 0) {  // affine: k = 1 everywhere
    for (int64_t i = 0; i < n; ++i) {
      const T x = static_cast<T>(i);
      points[i] = fold_point(t[3] * x + t[4] * y + t[5], h, mode);
      points[n + i] = fold_point(t[0] * x + t[1] * y + t[2], w, mode);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const T x = static_cast<T>(i);
    const T k = t[6] * x + t[7] * y + 1;
    if (k == 0) {
      points[i] = points[n + i] = T(-kFar);
      continue;
    }
    points[i] = fold_point((t[3] * x + t[4] * y + t[5]) / k, h, mode);
    points[n + i] = fold_point((t[0] * x + t[1] * y + t[2]) / k, w, mode);
  }
}

// The elements around a point and their weights. Bit a of a corner's number says which of two it is along axis a. A
// filled corner has offset -1. Rank: number of axes, 0 where only known at run time.
template <class T, int Rank>
struct Corners {
  static constexpr int kMost = 1 << (Rank ? Rank : kMostAxes);
  int count = 1;
  int64_t offset[kMost];
  T weight[kMost];
  T part[Rank ? Rank : kMostAxes];

  JUANJI_INLINE_MEMBER void find(const SampleShape& s, const T* points, int64_t stride) {
    const int rank = Rank ? Rank : s.rank;
    count = 1;
    offset[0] = 0;
    weight[0] = 1;
    for (int a = 0; a < rank; ++a) {
      const T v = points[a * stride];
      if (s.sampling != Sampling::linear) {
        step(0, 0, fold(nearest(v, s.sampling), s.size[a], s.fill_mode), s.size[a], T(1));
        continue;
      }
      const Place<T> p = cut(v);
      part[a] = p.part;
      const int64_t low = fold(p.index, s.size[a], s.fill_mode), high = fold(p.index + 1, s.size[a], s.fill_mode);
      for (int k = 0; k < count; ++k) {
        step(k, count + k, high, s.size[a], p.part);
        step(k, k, low, s.size[a], 1 - p.part);
      }
      count *= 2;
    }
  }

  JUANJI_INLINE_MEMBER void step(int from, int to, int64_t index, int64_t size, T factor) {
    offset[to] = offset[from] < 0 || index < 0 ? -1 : offset[from] * size + index;
    weight[to] = weight[from] * factor;
  }
};

// Linear sampling of an image at a point between four pixels of it, which is where most points are: false elsewhere.
template <class T, int Channels>
JUANJI_INLINE bool gather_inside(const SampleShape& s, const T* x, T v, T u, T* y) {
  const int64_t channels = Channels ? Channels : s.channels;
  const int64_t h = s.size[0], w = s.size[1];
  if (!(v >= 0 && v < static_cast<T>(h - 1) && u >= 0 && u < static_cast<T>(w - 1))) return false;
  const int64_t i = static_cast<int64_t>(v), j = static_cast<int64_t>(u);
  const T down = v - static_cast<T>(i), right = u - static_cast<T>(j);
  const T* above = x + (i * w + j) * channels;
  const T* below = above + w * channels;
  for (int64_t c = 0; c < channels; ++c) {
    const T top = (1 - right) * above[c] + right * above[channels + c];
    const T bottom = (1 - right) * below[c] + right * below[channels + c];
    y[c] = (1 - down) * top + down * bottom;
  }
  return true;
}

// Channels: their number, 0 where only known at run time.
template <class T, int Rank, int Channels>
void gather_points(const SampleShape& s, const T* x, const T* points, int64_t stride, int64_t n, T fill, T* y) {
  const int64_t channels = Channels ? Channels : s.channels;
  Corners<T, Rank> corners;
  for (int64_t i = 0; i < n; ++i, y += channels) {
    if (Rank == 2 && s.sampling == Sampling::linear) {
      if (gather_inside<T, Channels>(s, x, points[i], points[stride + i], y)) continue;
    }
    corners.find(s, points + i, stride);
    for (int64_t c = 0; c < channels; ++c) y[c] = 0;
    for (int k = 0; k < corners.count; ++k) {
      const T weight = corners.weight[k];
      const T* from = x + corners.offset[k] * channels;
      if (corners.offset[k] < 0) {
        for (int64_t c = 0; c < channels; ++c) y[c] += weight * fill;
      } else {
        for (int64_t c = 0; c < channels; ++c) y[c] += weight * from[c];
      }
    }
  }
}

template <class T, int Rank>
void scatter_points(const SampleShape& s, const T* dy, const T* points, int64_t stride, int64_t n, int64_t first,
                    int64_t count, T* dx) {
  Corners<T, Rank> corners;
  for (int64_t i = 0; i < n; ++i) {
    corners.find(s, points + i, stride);
    const T* from = dy + i * s.channels + first;
    for (int k = 0; k < corners.count; ++k) {
      if (corners.offset[k] < 0) continue;
      const T weight = corners.weight[k];
      T* to = dx + corners.offset[k] * s.channels + first;
      for (int64_t c = 0; c < count; ++c) to[c] += weight * from[c];
    }
  }
}

template <class T, int Rank>
void slope_points(const SampleShape& s, const T* x, const T* dy, const T* points, int64_t stride, int64_t n, T fill,
                  T* dpoints) {
  const int rank = Rank ? Rank : s.rank;
  Corners<T, Rank> corners;
  for (int64_t i = 0; i < n; ++i) {
    corners.find(s, points + i, stride);
    const T* d = dy + i * s.channels;
    for (int a = 0; a < rank; ++a) dpoints[a * stride + i] = 0;
    for (int k = 0; k < corners.count; ++k) {
      const T* from = x + corners.offset[k] * s.channels;
      T value = 0;
      for (int64_t c = 0; c < s.channels; ++c) value += d[c] * (corners.offset[k] < 0 ? fill : from[c]);
      for (int a = 0; a < rank; ++a) {
        T weight = k >> a & 1 ? value : -value;
        for (int b = 0; b < rank; ++b) {
          if (b != a) weight *= k >> b & 1 ? corners.part[b] : 1 - corners.part[b];
        }
        dpoints[a * stride + i] += weight;
      }
    }
  }
}

template <class T>
void gather(const SampleShape& s, const T* x, const T* points, int64_t stride, int64_t n, T fill, T* y) {
  if (s.rank == 2 && s.channels == 3) return gather_points<T, 2, 3>(s, x, points, stride, n, fill, y);
  if (s.rank == 2 && s.channels == 1) return gather_points<T, 2, 1>(s, x, points, stride, n, fill, y);
  if (s.rank == 2) return gather_points<T, 2, 0>(s, x, points, stride, n, fill, y);
  gather_points<T, 0, 0>(s, x, points, stride, n, fill, y);
}

template <class T>
void scatter(const SampleShape& s, const T* dy, const T* points, int64_t stride, int64_t n, int64_t first,
             int64_t count, T* dx) {
  if (s.rank == 2) return scatter_points<T, 2>(s, dy, points, stride, n, first, count, dx);
  scatter_points<T, 0>(s, dy, points, stride, n, first, count, dx);
}

template <class T>
void slope(const SampleShape& s, const T* x, const T* dy, const T* points, int64_t stride, int64_t n, T fill,
           T* dpoints) {
  if (s.rank == 2) return slope_points<T, 2>(s, x, dy, points, stride, n, fill, dpoints);
  slope_points<T, 0>(s, x, dy, points, stride, n, fill, dpoints);
}

}  // namespace

template <class T>
SampleTable<T> sample() {
  return {&project<T>, &gather<T>, &scatter<T>, &slope<T>};
}

template SampleTable<float> sample<float>();
template SampleTable<double> sample<double>();

}  // namespace juanji::kernels::JUANJI_ISA
