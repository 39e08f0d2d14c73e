// The windows of images as rows of a matrix, and the adjoint: each is the gradient of the other.
#pragma once

#include "ops/operation.hpp"
#include "ops/window.hpp"

namespace juanji {

// x (N, H, W, C) -> cols (N, OH, OW, KH·KW·C)
struct Im2col : Operation {
  Window window;

  explicit Im2col(const Window& w) : window(w) {}
  std::string name() const override { return "im2col"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

// cols (N, OH, OW, KH·KW·C) -> x (N, height, width, C): what overlaps is added.
struct Col2im : Operation {
  Window window;
  int64_t height, width;

  Col2im(const Window& w, int64_t h, int64_t wd) : window(w), height(h), width(wd) {}
  std::string name() const override { return "col2im"; }
  std::vector<TensorSpec> outputs(const std::vector<TensorSpec>& inputs) const override;
  void run(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, void* workspace) const override;
};

}  // namespace juanji
