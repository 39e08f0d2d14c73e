// One registration function per family, each in its bind_<family>.cpp.
#pragma once

#include <pybind11/pybind11.h>

namespace juanji::bindings {

void bind_assign(pybind11::module_& m);
void bind_batch_norm(pybind11::module_& m);
void bind_binary(pybind11::module_& m);
void bind_cast(pybind11::module_& m);
void bind_chain(pybind11::module_& m);
void bind_conv(pybind11::module_& m);
void bind_copy(pybind11::module_& m);
void bind_cross_entropy(pybind11::module_& m);
void bind_depthwise(pybind11::module_& m);
void bind_filters(pybind11::module_& m);
void bind_group_norm(pybind11::module_& m);
void bind_histogram(pybind11::module_& m);
void bind_im2col(pybind11::module_& m);
void bind_image(pybind11::module_& m);
void bind_losses(pybind11::module_& m);
void bind_matmul(pybind11::module_& m);
void bind_packed(pybind11::module_& m);
void bind_piecewise(pybind11::module_& m);
void bind_pool(pybind11::module_& m);
void bind_program(pybind11::module_& m);
void bind_random(pybind11::module_& m);
void bind_reduce(pybind11::module_& m);
void bind_rows(pybind11::module_& m);
void bind_softmax(pybind11::module_& m);
void bind_system(pybind11::module_& m);
void bind_unary(pybind11::module_& m);
void bind_update(pybind11::module_& m);

}  // namespace juanji::bindings
