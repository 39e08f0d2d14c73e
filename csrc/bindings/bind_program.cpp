#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "core/check.hpp"
#include "program/peak.hpp"
#include "program/program.hpp"

namespace juanji::bindings {
namespace {

// A program and the Python objects whose memory and code it borrows.
class PythonProgram {
 public:
  explicit PythonProgram(std::shared_ptr<Arena> arena) : arena_(std::move(arena)), program_(*arena_) {}

  size_t add_input(const std::string& dtype, Shape shape, bool any_rows) {
    return program_.add_input({dtype_from_name("program", dtype), std::move(shape)}, any_rows);
  }

  size_t add_memory(const py::array& array) {
    const TensorSpec spec = spec_of("program", array);
    if (!is_dense(array)) {
      fail("program", "memory of a program is used where it lies", "a C-contiguous array", "shape", spec.shape, "");
    }
    borrowed_.push_back(array);
    return program_.add_memory(spec, const_cast<void*>(array.data()));
  }

  std::vector<size_t> add_step(const py::object& op, const std::vector<size_t>& inputs, bool setup) {
    borrowed_.push_back(op);
    return program_.add_step(op.cast<const Operation&>(), inputs, setup);
  }

  void prepare() {
    const py::gil_scoped_release unlocked;
    program_.prepare();
  }

  py::list run(const py::args& arrays) { return run_timed(arrays, nullptr); }

  std::pair<py::list, std::vector<double>> profile(const py::args& arrays) {
    std::vector<double> seconds;
    py::list results = run_timed(arrays, &seconds);
    return {std::move(results), std::move(seconds)};
  }

  Program& program() { return program_; }

 private:
  py::list run_timed(const py::args& arrays, std::vector<double>* seconds) {
    const std::vector<size_t>& wanted = program_.inputs();
    if (arrays.size() != wanted.size()) {
      fail("program", "wrong number of inputs", to_text(wanted.size()), "inputs", arrays.size(), "");
    }
    std::vector<const void*> inputs;
    std::vector<int64_t> rows;
    for (size_t i = 0; i < wanted.size(); ++i) {
      const TensorSpec& spec = program_.spec(wanted[i]);
      inputs.push_back(check_input(i, arrays[i], spec, program_.any_rows(wanted[i])));
      rows.push_back(spec.rank() == 0 ? 1 : py::reinterpret_borrow<py::array>(arrays[i]).shape(0));
    }
    py::list results;
    std::vector<void*> outputs;
    for (const size_t value : program_.outputs()) {
      py::array result = new_array(program_.spec(value));
      outputs.push_back(result.mutable_data());
      results.append(std::move(result));
    }
    {
      const py::gil_scoped_release unlocked;
      program_.run(inputs, outputs, seconds, rows);
    }
    return results;
  }

  static const void* check_input(size_t i, const py::handle& argument, const TensorSpec& wanted, bool any_rows) {
    const std::string which = "input " + std::to_string(i);
    if (!py::isinstance<py::array>(argument)) {
      fail<DTypeError>("program", which + " is not an array", "a NumPy array", "type",
                       std::string(py::str(py::type::of(argument).attr("__name__"))), "");
    }
    const py::array array = py::reinterpret_borrow<py::array>(argument);
    const TensorSpec spec = spec_of("program", array);
    Shape expected = wanted.shape;
    if (any_rows && spec.rank() > 0) expected[0] = spec.shape[0];
    if (spec.dtype != wanted.dtype || spec.shape != expected || !is_dense(array)) {
      fail("program", which + " does not fit", to_text(wanted.shape) + " of " + dtype_name(wanted.dtype) + ", dense",
           "shape", to_text(spec.shape) + " of " + dtype_name(spec.dtype), "");
    }
    return array.data();
  }

  std::vector<py::object> borrowed_;
  std::shared_ptr<Arena> arena_;
  Program program_;
};

}  // namespace

void bind_program(py::module_& m) {
  py::class_<Arena, std::shared_ptr<Arena>>(m, "Arena", "Scratch memory that programs share.")
      .def(py::init<>())
      .def_property_readonly("bytes", &Arena::bytes);
  py::class_<PythonProgram>(m, "Program", "A recorded step: operations over planned buffers, run as one call.")
      .def(py::init<std::shared_ptr<Arena>>(), py::arg("arena"))
      .def("add_input", &PythonProgram::add_input, py::arg("dtype"), py::arg("shape"), py::arg("any_rows") = false,
           "A value that is handed to each run; with any_rows its first axis may be as long as it comes.")
      .def("add_memory", &PythonProgram::add_memory, py::arg("array"), "A value that stays where the array has it.")
      .def(
          "add_view",
          [](PythonProgram& p, size_t value, Shape shape) { return p.program().add_view(value, std::move(shape)); },
          py::arg("value"), py::arg("shape"), "The elements of a value in another shape.")
      .def("add_step", &PythonProgram::add_step, py::arg("op"), py::arg("inputs"), py::arg("setup"),
           "The values an operation gives; a step of the setup runs in prepare() only.")
      .def(
          "add_output", [](PythonProgram& p, size_t value) { p.program().add_output(value); }, py::arg("value"),
          "A value that each run returns.")
      .def(
          "plan", [](PythonProgram& p) { p.program().plan(); }, "Gives every value its place; ends the building.")
      .def("prepare", &PythonProgram::prepare, "Runs the setup.")
      .def("run", &PythonProgram::run, "Outputs from inputs, as arrays.")
      .def("profile", &PythonProgram::profile, "Outputs from inputs, and the seconds of each step.")
      .def_property_readonly("arena_bytes", [](PythonProgram& p) { return p.program().arena_bytes(); })
      .def_property_readonly("setup_bytes", [](PythonProgram& p) { return p.program().setup_bytes(); });
  m.def(
      "measure_flops",
      [](const std::string& dtype) {
        constexpr int kRounds = 15;
        const py::gil_scoped_release unlocked;
        return dtype == "float64" ? measure_flops<double>(kRounds) : measure_flops<float>(kRounds);
      },
      py::arg("dtype"), "Floating-point operations per second of multiply-adds in registers, on all threads.");
  m.def(
      "measure_memory_bandwidth",
      [] {
        constexpr int kRounds = 5;
        const py::gil_scoped_release unlocked;
        return measure_memory_bandwidth(kRounds);
      },
      "Bytes per second that all threads move together to and from memory.");
}

}  // namespace juanji::bindings
