#include "core/check.hpp"
#include "ops/gemm.hpp"
#include "ops/packed.hpp"

namespace juanji {
namespace {

int64_t packed_elements(DType dtype, int64_t in, int64_t out) {
  return dtype == DType::float64 ? packed_size<double>(in, out) : packed_size<float>(in, out);
}

}  // namespace

std::vector<TensorSpec> PackDense::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 1, 1);
  const TensorSpec& w = inputs[0];
  check_float(*this, w, "w");
  check_rank(*this, w, "w", 2, "(in, out)");
  return {{w.dtype, {packed_elements(w.dtype, w.shape[0], w.shape[1])}}};
}

void PackDense::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& w = inputs[0];
  if (w.size() == 0) return;
  dispatch_float(w.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    Gemm<T> g;
    g.k = w.dim(0);
    g.n = w.dim(1);
    g.b = w.as<T>();
    g.b_step = g.n;
    pack_right(g, outputs[0].as<T>());
  });
}

std::vector<TensorSpec> DensePacked::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 3);
  const TensorSpec& x = inputs[0];
  const TensorSpec& packed = inputs[1];
  check_float(*this, x, "x");
  check_same_dtype(*this, x, "x", packed, "packed");
  if (x.rank() < 1) fail(name(), "x has no features", "shape (..., in)", "x.shape", x.shape, "Add an axis.");
  check_shape(*this, packed, "packed", {packed_elements(x.dtype, x.shape.back(), units)});
  if (inputs.size() == 3) {
    check_same_dtype(*this, x, "x", inputs[2], "bias");
    check_shape(*this, inputs[2], "bias", {units});
  }
  Shape shape = x.shape;
  shape.back() = units;
  return {{x.dtype, shape}};
}

void DensePacked::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  const Tensor& x = inputs[0];
  dispatch_float(x.spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    Gemm<T> g;
    g.k = x.spec.shape.back();
    g.n = units;
    g.m = g.n == 0 ? 0 : outputs[0].size() / g.n;
    g.a = x.as<T>();
    g.a_step = g.k;
    g.packed_b = inputs[1].as<T>();
    g.c = outputs[0].as<T>();
    g.c_step = g.n;
    g.bias = inputs.size() == 3 ? inputs[2].as<T>() : nullptr;
    g.activation = activation;
    gemm(g);
  });
}

}  // namespace juanji
