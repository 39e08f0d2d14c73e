#include "ops/random.hpp"

#include <cmath>
#include <utility>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "core/philox.hpp"
#include "kernels/random.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 8192;  // elements a task; a multiple of every chunk
static_assert(kGrain % kernels::kRandomChunk<float> == 0 && kGrain % kernels::kRandomChunk<double> == 0 &&
              kGrain % kernels::kDropoutChunk == 0);
constexpr double kUniformCost = 1.0;  // nanoseconds an element
constexpr double kNormalCost = 4.0;

void check_key(const Operation& op, const TensorSpec& key) {
  if (key.dtype != DType::int64) {
    fail<DTypeError>(op.name(), "unsupported dtype of the key", "int64", "key.dtype", dtype_name(key.dtype), "");
  }
  check_shape(op, key, "key", {2});
}

std::vector<TensorSpec> random_outputs(const Operation& op, const std::vector<TensorSpec>& inputs,
                                       const TensorSpec& spec) {
  check_input_count(op, inputs, 1, 1);
  check_key(op, inputs[0]);
  return {spec};
}

PhiloxStream stream_of(const Tensor& key) {
  return {static_cast<uint64_t>(key.as<int64_t>()[0]), static_cast<uint64_t>(key.as<int64_t>()[1])};
}

void check_spec(const Operation& op, const TensorSpec& spec) {
  check_float(op, spec, "result");
  element_count(spec.shape);
}

void check_finite(const Operation& op, const char* name, double value) {
  if (!std::isfinite(value)) fail(op.name(), std::string(name) + " is not finite", "a number", name, value, "");
}

}  // namespace

RandomUniform::RandomUniform(TensorSpec spec, double low, double high) : spec(std::move(spec)), low(low), high(high) {
  check_spec(*this, this->spec);
  check_finite(*this, "minval", low);
  check_finite(*this, "maxval", high);
  if (low > high) fail(name(), "the range is empty", "maxval >= minval=" + to_text(low), "maxval", high, "");
}

std::vector<TensorSpec> RandomUniform::outputs(const std::vector<TensorSpec>& inputs) const {
  return random_outputs(*this, inputs, spec);
}

void RandomUniform::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PhiloxStream stream = stream_of(inputs[0]);
  dispatch_float(spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* y = outputs[0].as<T>();
    parallel_ranges(outputs[0].size(), kGrain, kUniformCost, [&](int64_t begin, int64_t end) {
      kernels::random<T>().uniform(stream, begin, y + begin, end - begin, static_cast<T>(low), static_cast<T>(high));
    });
  });
}

RandomNormal::RandomNormal(TensorSpec spec, double mean, double stddev, bool truncated)
    : spec(std::move(spec)),
      mean(mean),
      stddev(stddev),
      truncated(truncated) {
  check_spec(*this, this->spec);
  check_finite(*this, "mean", mean);
  check_finite(*this, "stddev", stddev);
  if (stddev < 0) fail(name(), "the standard deviation is negative", "0 or more", "stddev", stddev, "");
}

std::vector<TensorSpec> RandomNormal::outputs(const std::vector<TensorSpec>& inputs) const {
  return random_outputs(*this, inputs, spec);
}

void RandomNormal::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PhiloxStream stream = stream_of(inputs[0]);
  dispatch_float(spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::RandomTable<T>& table = kernels::random<T>();
    const auto kernel = truncated ? table.truncated_normal : table.normal;
    T* y = outputs[0].as<T>();
    parallel_ranges(outputs[0].size(), kGrain, kNormalCost, [&](int64_t begin, int64_t end) {
      kernel(stream, begin, y + begin, end - begin, static_cast<T>(mean), static_cast<T>(stddev));
    });
  });
}

RandomInteger::RandomInteger(Shape shape, int64_t low, int64_t high)
    : spec{DType::int64, std::move(shape)},
      low(low),
      high(high) {
  element_count(spec.shape);
  if (low >= high) fail(name(), "the range is empty", "maxval > minval=" + to_text(low), "maxval", high, "");
}

std::vector<TensorSpec> RandomInteger::outputs(const std::vector<TensorSpec>& inputs) const {
  return random_outputs(*this, inputs, spec);
}

void RandomInteger::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  constexpr int64_t kChunk = kPhiloxWords / 2;
  const PhiloxStream stream = stream_of(inputs[0]);
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  int64_t* y = outputs[0].as<int64_t>();
  parallel_ranges(outputs[0].size(), kGrain, kNormalCost, [&](int64_t begin, int64_t end) {
    uint32_t words[kPhiloxWords];
    for (int64_t i = begin; i < end; ++i) {
      if (i % kChunk == 0) philox_words(stream, static_cast<uint64_t>(i / kChunk), words);
      // The upper half of the product maps 64 random bits onto the range (Lemire, 2019).
      const auto product = static_cast<unsigned __int128>(philox_word_64(words, static_cast<int>(i % kChunk))) * range;
      y[i] = static_cast<int64_t>(static_cast<uint64_t>(low) + static_cast<uint64_t>(product >> 64));
    }
  });
}

Dropout::Dropout(double rate) : rate(rate) {
  if (!(rate >= 0 && rate <= 1)) fail(name(), "rate is out of range", "0 to 1", "rate", rate, "");
}

std::vector<TensorSpec> Dropout::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "x");
  check_key(*this, inputs[1]);
  return {inputs[0]};
}

void Dropout::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const PhiloxStream stream = stream_of(inputs[1]);
  // At a rate of 1, or so close to it that no word would be kept, everything is dropped.
  const double threshold = std::nearbyint(rate * 0x1p32);
  const bool everything = threshold >= 0x1p32;
  const uint32_t word = everything ? UINT32_MAX : static_cast<uint32_t>(threshold);
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    const T scale = static_cast<T>(everything ? 0.0 : 1.0 / (1.0 - rate));
    parallel_ranges(inputs[0].size(), kGrain, kUniformCost, [&](int64_t begin, int64_t end) {
      if (everything) {
        for (int64_t i = begin; i < end; ++i) y[i] = T(0);
        return;
      }
      kernels::random<T>().dropout(stream, begin, x + begin, y + begin, end - begin, word, scale);
    });
  });
}

}  // namespace juanji
