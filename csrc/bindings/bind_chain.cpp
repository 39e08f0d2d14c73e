#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "core/check.hpp"
#include "program/chain.hpp"

namespace juanji::bindings {
namespace {

using Stages = std::vector<std::pair<py::object, std::vector<size_t>>>;

// A chain and the Python objects whose operations it borrows.
struct PythonChain : Chain {
  Stages kept;

  PythonChain(const std::string& title, int64_t samples, const std::vector<bool>& whole, const Stages& given,
              const std::vector<size_t>& wanted)
      : Chain(title, samples, whole, borrowed(given, whole.size()), wanted),
        kept(given) {
    if (samples < 1 || given.empty() || wanted.empty()) {
      fail("chain", "there is nothing to do", "samples, stages and wanted values", "samples", samples, "");
    }
    for (const size_t value : wanted) {
      if (value >= whole.size() && value < whole.size() + given.size()) continue;
      fail("chain", "a wanted value is not that of a stage", "the number of one", "wanted", value, "");
    }
  }

 private:
  static std::vector<Stage> borrowed(const Stages& given, size_t inputs) {
    std::vector<Stage> stages;
    for (const auto& [op, numbers] : given) {
      for (const size_t number : numbers) {
        if (number < inputs + stages.size()) continue;
        fail("chain", "a stage reads a value that comes later", "an earlier one", "number", number, "");
      }
      stages.push_back({&op.cast<const Operation&>(), numbers});
    }
    return stages;
  }
};

}  // namespace

void bind_chain(py::module_& m) {
  bind_operation<PythonChain>(m, "Chain",
                              "Operations one after the other, some samples at a time; values are numbered: inputs, "
                              "then what the stages (operation, numbers of its inputs) give")
      .def(py::init<const std::string&, int64_t, const std::vector<bool>&, const Stages&, const std::vector<size_t>&>(),
           py::arg("title"), py::arg("samples"), py::arg("whole"), py::arg("stages"), py::arg("wanted"));
}

}  // namespace juanji::bindings
