#include "ops/matmul.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/parallel.hpp"
#include "ops/gemm.hpp"

namespace juanji {
namespace {

Shape leading(const TensorSpec& spec) { return Shape(spec.shape.begin(), spec.shape.end() - 2); }

}  // namespace

std::vector<TensorSpec> Matmul::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 2);
  const TensorSpec& a = inputs[0];
  const TensorSpec& b = inputs[1];
  check_float(*this, a, "a");
  check_same_dtype(*this, a, "a", b, "b");
  for (const auto& [spec, label] : {std::make_pair(&a, "a.shape"), std::make_pair(&b, "b.shape")}) {
    if (spec->rank() < 2) fail(name(), "not a matrix", "rank 2 or more", label, spec->shape, "Add an axis.");
  }
  const auto [m, k] = transpose_a ? std::make_pair(a.shape.end()[-1], a.shape.end()[-2])
                                  : std::make_pair(a.shape.end()[-2], a.shape.end()[-1]);
  const auto [kb, n] = transpose_b ? std::make_pair(b.shape.end()[-1], b.shape.end()[-2])
                                   : std::make_pair(b.shape.end()[-2], b.shape.end()[-1]);
  if (k != kb) {
    fail(name(), "the inner dimensions differ", "K=" + to_text(k) + " as in a.shape=" + to_text(a.shape), "b.shape",
         b.shape, "Transpose or reshape one of them.");
  }
  Shape shape = leading(a);
  if (shape.empty())
    shape = leading(b);
  else if (!leading(b).empty() && leading(b) != shape) {
    fail(name(), "the leading dimensions differ", shape, "b.shape", b.shape, "Use the same batch shape, or none.");
  }
  shape.push_back(m);
  shape.push_back(n);
  return {{a.dtype, shape}};
}

void Matmul::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Tensor& a = inputs[0];
    const Tensor& b = inputs[1];
    const Tensor& c = outputs[0];
    Gemm<T> g;
    g.m = c.spec.shape.end()[-2];
    g.n = c.spec.shape.end()[-1];
    g.k = transpose_a ? a.spec.shape.end()[-2] : a.spec.shape.end()[-1];
    g.a_step = a.spec.shape.end()[-1];
    g.b_step = b.spec.shape.end()[-1];
    g.c_step = g.n;
    g.a_transposed = transpose_a;
    g.b_transposed = transpose_b;
    int64_t batch = element_count(leading(c.spec));
    if (b.spec.rank() == 2 && !transpose_a) {  // one matrix on the right: the batch is just more rows
      g.m *= batch;
      batch = batch == 0 ? 0 : 1;
    }
    const int64_t a_next = a.spec.rank() > 2 ? g.m * g.k : 0;
    const int64_t b_next = b.spec.rank() > 2 ? g.k * g.n : 0;
    const auto multiply = [&](int64_t i, int) {
      Gemm<T> one = g;
      one.a = a.as<T>() + i * a_next;
      one.b = b.as<T>() + i * b_next;
      one.c = c.as<T>() + i * g.m * g.n;
      gemm(one);
    };
    // A product that is large or alone uses all threads itself; several small ones are shared out.
    const double flop = 2.0 * static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k);
    if (flop > 1e8 || batch == 1) {
      for (int64_t i = 0; i < batch; ++i) multiply(i, 0);
    } else {
      parallel_for(batch, flop / 40, multiply);
    }
  });
}

std::vector<TensorSpec> Dense::outputs(const std::vector<TensorSpec>& inputs) const {
  check_input_count(*this, inputs, 2, 3);
  const TensorSpec& x = inputs[0];
  const TensorSpec& w = inputs[1];
  check_float(*this, x, "x");
  check_same_dtype(*this, x, "x", w, "w");
  check_rank(*this, w, "w", 2, "(in, out)");
  if (x.rank() < 1 || x.shape.back() != w.shape[0]) {
    fail(name(), "the features of x do not match the weights", "x.shape[-1]=" + to_text(w.shape[0]), "x.shape", x.shape,
         "");
  }
  if (inputs.size() == 3) {
    check_same_dtype(*this, x, "x", inputs[2], "bias");
    check_shape(*this, inputs[2], "bias", {w.shape[1]});
  }
  Shape shape = x.shape;
  shape.back() = w.shape[1];
  return {{x.dtype, shape}};
}

void Dense::run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void*) const {
  dispatch_float(inputs[0].spec.dtype, [&](auto zero) {
    using T = decltype(zero);
    Gemm<T> g;
    g.k = inputs[1].dim(0);
    g.n = inputs[1].dim(1);
    g.m = g.n == 0 ? 0 : outputs[0].size() / g.n;
    g.a = inputs[0].as<T>();
    g.a_step = g.k;
    g.b = inputs[1].as<T>();
    g.b_step = g.n;
    g.c = outputs[0].as<T>();
    g.c_step = g.n;
    g.bias = inputs.size() == 3 ? inputs[2].as<T>() : nullptr;
    g.activation = activation;
    gemm(g);
  });
}

}  // namespace juanji
