#include "ops/piecewise.hpp"

#include "core/parallel.hpp"
#include "ops/kind_names.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task: 64 KiB of float32

constexpr const char* kNames[] = {
#define JUANJI_KIND(name) #name,
    JUANJI_PIECEWISE_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

PiecewiseKind kind_of(const std::string& name) {
  return static_cast<PiecewiseKind>(find_name(kNames, "piecewise", "kind", name));
}

std::string name_of(PiecewiseKind kind) { return kNames[static_cast<size_t>(kind)]; }

// Nanoseconds an element on one core.
double cost_per_element(PiecewiseKind kind) { return kind == PiecewiseKind::elu ? 1.0 : 0.3; }

}  // namespace

Piecewise::Piecewise(const std::string& kind_name, double p_, double q_) : kind(kind_of(kind_name)), p(p_), q(q_) {}

std::string Piecewise::name() const { return name_of(kind); }

std::vector<TensorSpec> Piecewise::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  return {inputs[0]};
}

void Piecewise::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    const auto function = kernels::piecewise<T>().forward[static_cast<size_t>(kind)];
    parallel_ranges(inputs[0].size(), kGrain, cost_per_element(kind), [&](int64_t begin, int64_t end) {
      function(x + begin, y + begin, end - begin, static_cast<T>(p), static_cast<T>(q));
    });
  });
}

PiecewiseGradient::PiecewiseGradient(const std::string& kind_name, double p_, double q_)
    : kind(kind_of(kind_name)),
      p(p_),
      q(q_) {}

std::string PiecewiseGradient::name() const { return name_of(kind) + "_gradient"; }

std::vector<TensorSpec> PiecewiseGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "x");
  check_same_dtype(*this, inputs[0], "x", inputs[1], "dy");
  check_shape(*this, inputs[1], "dy", inputs[0].shape);
  return {inputs[0]};
}

void PiecewiseGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    const T* dy = inputs[1].as<T>();
    T* dx = outputs[0].as<T>();
    const auto function = kernels::piecewise<T>().gradient[static_cast<size_t>(kind)];
    parallel_ranges(inputs[0].size(), kGrain, cost_per_element(kind), [&](int64_t begin, int64_t end) {
      function(x + begin, dy + begin, dx + begin, end - begin, static_cast<T>(p), static_cast<T>(q));
    });
  });
}

}  // namespace juanji
