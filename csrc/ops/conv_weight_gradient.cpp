#include "ops/conv_weight_gradient.hpp"

#include <algorithm>
#include <cstring>

#include "core/buffer_pool.hpp"
#include "core/parallel.hpp"
#include "ops/ahead.hpp"
#include "ops/cut.hpp"
#include "ops/gemm.hpp"
#include "ops/tree_sum.hpp"
#include "ops/weight_gradient_plan.hpp"
#include "ops/weight_gradient_walk.hpp"

// dw is a product Aᵀ·B over all output pixels: A's row of a pixel is what the window sees there, B's is dy.
//
// A task owns a block of dw that stays in L2 and walks over a chunk of the pixels, as many at a time as keep a slice of
// the input and a panel of dy in L1 while all tiles of both are multiplied. The chunks' sums are added in a fixed tree.

namespace juanji {
namespace {

constexpr double kFlopPerNanosecond = 40;

template <class T>
void run_task(const WeightGradientPlan<T>& plan, int64_t chunk, const Block& block, T* dw) {
  const ConvWeightGradient<T>& conv = plan.conv;
  Walk<T> walk(plan, block);
  const int64_t first = chunk * plan.chunk_walks;
  const int64_t end = std::min(plan.walks, first + plan.chunk_walks);
  const auto slices = static_cast<int64_t>(block.end_slice - block.first_slice);
  const int64_t products = ceil_div(block.columns, walk.panel_columns()) * slices * plan.g.kh;
  for (int64_t i = first; i < end; ++i) {
    walk.move_to(i);
    const auto [next_x, next_dy] = walk.ahead(std::min(i + 1, end - 1));
    int64_t product = 0;
    for (int64_t n = 0; n < block.columns; n += walk.panel_columns()) {
      const int64_t columns = std::min(walk.panel_columns(), block.columns - n);
      for (size_t s = block.first_slice; s < block.end_slice; ++s) {
        const Slice& slice = plan.slices[s];
        for (int64_t p = 0; p < plan.g.kh; ++p, ++product) {
          const int64_t row =
              (p * plan.g.kw + slice.q) * plan.group_channels + slice.channel - block.group * plan.group_channels;
          const std::vector<kernels::Run>& runs = walk.runs(s, p);
          plan.kernel.multiply_columns({walk.source(s),
                                        plan.pixel_step(slice),
                                        walk.columns_from(n),
                                        walk.b_step(),
                                        dw + row * conv.outputs + block.column + n,
                                        conv.outputs,
                                        slice.width(),
                                        columns,
                                        runs.data(),
                                        static_cast<int64_t>(runs.size()),
                                        i > first,
                                        {share(next_x, product, products), share(next_dy, product, products)}});
        }
      }
    }
  }
}

// Without a window this is the product Xᵀ·dY. Where it pays to transpose X, that is faster than a walk.
template <class T>
bool is_product(const ConvWeightGradient<T>& conv) {
  const WindowGeometry& g = conv.g;
  return g.kh == 1 && g.kw == 1 && g.sh == 1 && g.sw == 1 && g.oh == g.h && g.ow == g.w && conv.groups == 1 &&
         pays_to_transpose(conv.channels, conv.outputs, conv.images * g.oh * g.ow);
}

}  // namespace

template <class T>
void conv_weight_gradient(const ConvWeightGradient<T>& conv) {
  if (is_product(conv)) {
    Gemm<T> product;
    product.m = conv.channels;
    product.n = conv.outputs;
    product.k = conv.images * conv.g.oh * conv.g.ow;
    product.a = conv.x;
    product.a_step = conv.channels;
    product.a_transposed = true;
    product.b = conv.dy;
    product.b_step = conv.outputs;
    product.c = conv.dw;
    product.c_step = conv.outputs;
    return gemm(product);
  }
  const WeightGradientPlan<T> plan(conv);
  if (plan.dw_size == 0) return;
  if (plan.walks == 0) {
    std::memset(static_cast<void*>(conv.dw), 0, static_cast<size_t>(plan.dw_size) * sizeof(T));
    return;
  }
  const Buffer partial(plan.chunks == 1 ? 0 : static_cast<size_t>(plan.chunks * plan.dw_size) * sizeof(T));
  T* sums = plan.chunks == 1 ? conv.dw : partial.template as<T>();
  const double pixels = static_cast<double>(conv.images * conv.g.oh * conv.g.ow);
  const auto blocks = static_cast<int64_t>(plan.blocks.size());
  const double cost =
      2.0 * static_cast<double>(plan.dw_size) * pixels / static_cast<double>(blocks * plan.chunks) / kFlopPerNanosecond;
  parallel_for(plan.chunks * blocks, cost, [&](int64_t task, int) {
    const int64_t chunk = task / blocks;
    run_task(plan, chunk, plan.blocks[static_cast<size_t>(task % blocks)], sums + chunk * plan.dw_size);
  });
  if (plan.chunks > 1) tree_sum(sums, plan.chunks, plan.dw_size, conv.dw);
}

template void conv_weight_gradient<float>(const ConvWeightGradient<float>&);
template void conv_weight_gradient<double>(const ConvWeightGradient<double>&);

}  // namespace juanji
