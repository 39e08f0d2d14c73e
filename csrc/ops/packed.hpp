// Convolution and dense layers with weights packed beforehand.
//
// Conv2D and Dense bring their weights into the order of the matrix kernel at every call. Where the weights stay the
// same (inference), the packing can be done once: y = Conv2DPacked(x, PackConv2D(w)) has the bits of Conv2D(x, w), if
// that uses the same method. The order belongs to the instruction set in use: packed weights are not for files.
#pragma once

#include "kernels/activation.hpp"
#include "ops/conv2d.hpp"
#include "ops/operation.hpp"

namespace juanji {

// w (KH, KW, C/G, OC) -> packed (L); L follows from the shape of w.
struct PackConv2D : Operation {
  int64_t groups = 1;
  int64_t winograd_tile = 0;  // for Conv2DPacked with the same setting

  std::string name() const override { return "pack_conv2d"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x (N, H, W, C), packed[, b (OC)][, residual like y] -> y (N, OH, OW, OC), the residual being added before the
// activation; with `pooled` and no residual its maxima over 2×2 windows, as Conv2DMaxPool
struct Conv2DPacked : Operation {
  ConvAttributes attributes;  // window.kernel is read here
  int64_t filters = 0;        // OC
  Activation activation = Activation::none;
  bool pooled = false;
  bool residual = false;      // is among the inputs
  int64_t winograd_tile = 0;  // 2 or 4: by Winograd's method, for which the convolution has to fit; 0: directly

  std::string name() const override { return "conv2d_packed"; }
  size_t overwritten_input(size_t, size_t inputs) const override { return residual ? inputs - 1 : kNoInput; }
  bool saves_multiplications(const std::vector<TensorSpec>&) const override { return winograd_tile > 0; }
  // The tile that serves such an x best, or 0; inputs: x.
  int64_t best_tile(const std::vector<TensorSpec>& inputs) const;
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;

 private:
  bool winograd_fits(const TensorSpec& x, const WindowGeometry& g) const;
};

// w (in, out) -> packed (L)
struct PackDense : Operation {
  std::string name() const override { return "pack_dense"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// x (..., in), packed[, b (out)] -> y (..., out). Has the bits of Dense for five rows or more; for fewer, Dense reads w
// where it lies, which is as fast, and adds up in another order.
struct DensePacked : Operation {
  int64_t units = 0;  // out
  Activation activation = Activation::none;

  std::string name() const override { return "dense_packed"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
