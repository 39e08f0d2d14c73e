// The arguments of a sliding window as Python passes them.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>

#include "core/check.hpp"
#include "ops/window.hpp"

namespace juanji::bindings {

using Pair = std::array<int64_t, 2>;  // (vertical, horizontal)

// 'same', 'valid', (top, bottom, left, right) or ((top, bottom), (left, right)).
inline Padding read_padding(const std::string& op, const pybind11::object& value) {
  namespace py = pybind11;
  if (py::isinstance<py::str>(value)) {
    const auto mode = value.cast<std::string>();
    if (mode == "same") return {Padding::Mode::same};
    if (mode == "valid") return {Padding::Mode::valid};
  } else if (py::isinstance<py::sequence>(value)) {
    try {
      if (py::len(value) == 2) {
        const auto p = value.cast<std::array<Pair, 2>>();
        return {Padding::Mode::amounts, p[0][0], p[0][1], p[1][0], p[1][1]};
      }
      const auto p = value.cast<std::array<int64_t, 4>>();
      return {Padding::Mode::amounts, p[0], p[1], p[2], p[3]};
    } catch (const py::cast_error&) {
      // falls through to the message below
    }
  }
  fail(op, "unknown padding", "'same', 'valid', (top, bottom, left, right) or ((top, bottom), (left, right))",
       "padding", std::string(py::repr(value)), "");
}

inline Window read_window(const std::string& op, const Pair& kernel, const Pair& stride,
                          const pybind11::object& padding, const Pair& dilation = {1, 1}) {
  return {{kernel[0], kernel[1]}, {stride[0], stride[1]}, {dilation[0], dilation[1]}, read_padding(op, padding)};
}

}  // namespace juanji::bindings
