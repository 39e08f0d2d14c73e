#include "ops/winograd_choice.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

#include "ops/cut.hpp"

namespace juanji {
namespace {

WinogradUse read_switch() {
  const char* value = std::getenv("JUANJI_WINOGRAD");
  const std::string text = value == nullptr ? "" : value;
  if (text.empty()) return WinogradUse::where_it_pays;
  if (text == "0") return WinogradUse::off;
  if (text == "1") return WinogradUse::where_it_fits;
  if (text == "2") return WinogradUse::tiles_of_2;
  if (text == "4") return WinogradUse::tiles_of_4;
  throw std::invalid_argument("JUANJI_WINOGRAD: unknown setting; expected 0, 1, 2 or 4, got JUANJI_WINOGRAD=" + text +
                              ". Unset it for the default.");
}

// An estimate of what a pass takes, in nanoseconds on one thread of some 100 GFLOP/s; with AVX2 it is within a fifth of
// what was measured for 16 to 256 channels and 25 to 100,000 pixels.
double direct_time(const WinogradShape& s) {
  const double pixels = static_cast<double>(s.images * s.rows * s.columns);
  const double weights = static_cast<double>(s.channels * s.outputs);
  return (18.0 / 85 * pixels + 9 * 0.3) * weights;
}

constexpr double kNearBytes = 16 << 20;  // of transformed weights that stay in a cache between two images

double winograd_time(const WinogradShape& s, int64_t side) {
  const auto tiles = static_cast<double>(s.images * ceil_div(s.rows, side) * ceil_div(s.columns, side));
  const auto matrices = static_cast<double>((side + 2) * (side + 2));
  const auto channels = static_cast<double>(s.channels), outputs = static_cast<double>(s.outputs);
  const double rate = 90 * channels / (channels + 12);  // of the products: their sums are short
  const double input = side == 2 ? 1.6 : 3.6;           // of a tile's transform, for each channel
  const double output = side == 2 ? 3.0 : 7.0;          // likewise
  const bool near = matrices * channels * outputs * s.element_bytes <= kNearBytes;
  const double weight = matrices * ((near ? 0.1 : 0.2) + (s.packed ? 0 : 0.4));  // of reading and transforming one
  return 2 * matrices * tiles * channels * outputs / rate + tiles * (input * channels + output * outputs) +
         weight * channels * outputs;
}

constexpr int64_t kMostWeightBytes = int64_t{128} << 20;  // of transformed weights, or of the sums of their gradient

bool fits(const WinogradShape& s, int64_t side) {
  const int64_t weights = (side + 2) * (side + 2) * s.channels * s.outputs;
  return (side == 2 ? s.fits_2 : s.fits_4) && weights * s.element_bytes <= kMostWeightBytes;
}

}  // namespace

WinogradUse winograd_use() {
  static const WinogradUse use = read_switch();
  return use;
}

int64_t winograd_tile(const WinogradShape& s) {
  const WinogradUse use = winograd_use();
  const bool fits_2 = fits(s, 2), fits_4 = fits(s, 4);
  if (use == WinogradUse::off || (!fits_2 && !fits_4)) return 0;
  if (use == WinogradUse::tiles_of_2) return fits_2 ? 2 : 0;
  if (use == WinogradUse::tiles_of_4) return fits_4 ? 4 : 0;
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const double two = fits_2 ? winograd_time(s, 2) : kNever;
  const double four = fits_4 ? winograd_time(s, 4) : kNever;
  const int64_t better = four < two ? 4 : 2;
  if (use == WinogradUse::where_it_fits) return better;
  // float64 is for those who want a reference
  return s.element_bytes == 4 && std::min(two, four) < 0.95 * direct_time(s) ? better : 0;
}

}  // namespace juanji
