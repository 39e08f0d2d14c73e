#include "ops/unary.hpp"

#include "core/parallel.hpp"
#include "ops/kind_names.hpp"

namespace juanji {
namespace {

constexpr int64_t kGrain = 16384;  // elements a task: 64 KiB of float32, half an L1 cache and more

constexpr const char* kUnaryNames[] = {
#define JUANJI_KIND(name) #name,
    JUANJI_UNARY_KINDS(JUANJI_KIND)
#undef JUANJI_KIND
};

constexpr const char* kActivationNames[kActivations] = {"none", "relu", "relu6", "sigmoid", "tanh"};

// Nanoseconds an element on one core: bound by memory, or by the polynomial of a transcendental function.
double cost_per_element(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::cos:
    case UnaryKind::erf:
    case UnaryKind::exp:
    case UnaryKind::expm1:
    case UnaryKind::gelu:
    case UnaryKind::gelu_slope:
    case UnaryKind::gelu_tanh:
    case UnaryKind::gelu_tanh_slope:
    case UnaryKind::log:
    case UnaryKind::log1p:
    case UnaryKind::rsqrt:
    case UnaryKind::sigmoid:
    case UnaryKind::silu:
    case UnaryKind::silu_slope:
    case UnaryKind::sin:
    case UnaryKind::softplus:
    case UnaryKind::sqrt:
    case UnaryKind::tanh: return 1.0;
    default: return 0.3;
  }
}

}  // namespace

Unary::Unary(const std::string& kind_name)
    : kind(static_cast<UnaryKind>(find_name(kUnaryNames, "unary", "kind", kind_name))) {}

std::string Unary::name() const { return kUnaryNames[static_cast<size_t>(kind)]; }

std::vector<TensorSpec> Unary::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  check_float(*this, inputs[0], "x");
  return {inputs[0]};
}

void Unary::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* x = inputs[0].as<T>();
    T* y = outputs[0].as<T>();
    const auto function = kernels::unary<T>().forward[static_cast<size_t>(kind)];
    parallel_ranges(inputs[0].size(), kGrain, cost_per_element(kind),
                    [&](int64_t begin, int64_t end) { function(x + begin, y + begin, end - begin); });
  });
}

ActivationGradient::ActivationGradient(const std::string& activation_name)
    : activation(activation_from_name("activation_gradient", activation_name)) {}

std::string ActivationGradient::name() const { return std::string(activation_name(activation)) + "_gradient"; }

std::vector<TensorSpec> ActivationGradient::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  check_float(*this, inputs[0], "y");
  check_same_dtype(*this, inputs[0], "y", inputs[1], "dy");
  check_shape(*this, inputs[1], "dy", inputs[0].shape);
  return {inputs[0]};
}

void ActivationGradient::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* y = inputs[0].as<T>();
    const T* dy = inputs[1].as<T>();
    T* dx = outputs[0].as<T>();
    const auto function = kernels::unary<T>().activation_gradient[static_cast<size_t>(activation)];
    parallel_ranges(inputs[0].size(), kGrain, 0.4,
                    [&](int64_t begin, int64_t end) { function(y + begin, dy + begin, dx + begin, end - begin); });
  });
}

const char* activation_name(Activation activation) { return kActivationNames[static_cast<size_t>(activation)]; }

Activation activation_from_name(const std::string& who, const std::string& name) {
  return static_cast<Activation>(find_name(kActivationNames, who, "activation", name));
}

}  // namespace juanji
