#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "core/check.hpp"
#include "ops/hsv.hpp"
#include "ops/map_coordinates.hpp"
#include "ops/project.hpp"
#include "ops/resample.hpp"

namespace juanji::bindings {
namespace {

using kernels::Sampling;

Sampling read_order(const std::string& who, int64_t order, Sampling nearest) {
  if (order != 0 && order != 1)
    fail(who, "unknown order of interpolation", "0 (nearest) or 1 (linear)", "order", order, "");
  return order == 1 ? Sampling::linear : nearest;
}

void bind_sampling(py::module_& m) {
  bind_operation<MapCoordinates>(m, "MapCoordinates",
                                 "(x (N, size..., C), coordinates (N or 1, axes, P)) -> y (N, P, C)")
      .def(py::init([](int64_t order, const std::string& fill_mode, double fill_value) {
             return MapCoordinates(fill_mode_from_name("map_coordinates", fill_mode),
                                   read_order("map_coordinates", order, Sampling::nearest_even), fill_value);
           }),
           py::kw_only(), py::arg("order"), py::arg("fill_mode"), py::arg("fill_value"));
  bind_operation<MapCoordinatesGradient>(m, "MapCoordinatesGradient", "(dy, coordinates) -> dx")
      .def(py::init([](int64_t order, const std::string& fill_mode, const Shape& size) {
             return MapCoordinatesGradient(fill_mode_from_name("map_coordinates", fill_mode),
                                           read_order("map_coordinates", order, Sampling::nearest_even), size);
           }),
           py::kw_only(), py::arg("order"), py::arg("fill_mode"), py::arg("size"));
  bind_operation<MapCoordinatesSlope>(m, "MapCoordinatesSlope", "(x, coordinates, dy) -> dcoordinates, for order 1")
      .def(py::init([](const std::string& fill_mode, double fill_value) {
             return MapCoordinatesSlope(fill_mode_from_name("map_coordinates", fill_mode), fill_value);
           }),
           py::kw_only(), py::arg("fill_mode"), py::arg("fill_value"));
  bind_operation<Project>(m, "Project", "(images, transforms (N or 1, 8)) -> images")
      .def(py::init([](int64_t order, const std::string& fill_mode, double fill_value) {
             return Project(fill_mode_from_name("affine_transform", fill_mode),
                            read_order("affine_transform", order, Sampling::nearest_away), fill_value);
           }),
           py::kw_only(), py::arg("order"), py::arg("fill_mode"), py::arg("fill_value"));
  bind_operation<ProjectGradient>(m, "ProjectGradient", "(dy, transforms) -> dx")
      .def(py::init([](int64_t order, const std::string& fill_mode) {
             return ProjectGradient(fill_mode_from_name("affine_transform", fill_mode),
                                    read_order("affine_transform", order, Sampling::nearest_away));
           }),
           py::kw_only(), py::arg("order"), py::arg("fill_mode"));
}

}  // namespace

void bind_image(py::module_& m) {
  bind_sampling(m);
  bind_operation<Resample>(m, "Resample",
                           "(x) -> y: sums of weight[j] * x[source[j]] along axis, first[o] <= j < first[o + 1]")
      .def(py::init<int64_t, int64_t, std::vector<int64_t>, std::vector<int64_t>, std::vector<double>>(),
           py::arg("axis"), py::arg("sources"), py::arg("first"), py::arg("source"), py::arg("weight"));
  bind_operation<RgbToHsv>(m, "RgbToHsv", "(images (..., 3)) -> images").def(py::init<>());
  bind_operation<RgbToHsvGradient>(m, "RgbToHsvGradient", "(images, dy) -> dx").def(py::init<>());
  bind_operation<HsvToRgb>(m, "HsvToRgb", "(images (..., 3)) -> images").def(py::init<>());
  bind_operation<HsvToRgbGradient>(m, "HsvToRgbGradient", "(images, dy) -> dx").def(py::init<>());
}

}  // namespace juanji::bindings
