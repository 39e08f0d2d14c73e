// Facts about the build, the machine and the memory pool; the thread count.
#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/families.hpp"
#include "core/buffer_pool.hpp"
#include "core/isa.hpp"
#include "core/parallel.hpp"
#include "ops/winograd_choice.hpp"

namespace juanji::bindings {

namespace py = pybind11;

void bind_system(py::module_& m) {
  // A wrong JUANJI_ISA, JUANJI_NUM_THREADS or JUANJI_WINOGRAD fails at import, not in the middle of a training.
  active_isa();
  num_threads();
  winograd_use();

  m.def(
      "active_isa", [] { return isa_name(active_isa()); }, "Name of the instruction set in use.");
  m.def(
      "supported_isas",
      [] {
        std::vector<std::string> names;
        for (const Isa isa : supported_isas()) names.emplace_back(isa_name(isa));
        return names;
      },
      "Names of the instruction sets this CPU can run, slowest first.");
  m.def("openmp_enabled", &openmp_enabled, "Whether the build can use more than one thread.");
  m.def("num_threads", &num_threads, "Threads used by operations.");
  m.def("num_threads_reason", &num_threads_reason, "Why that many.");
  m.def("set_num_threads", &set_num_threads, py::arg("n"), "Use n threads from the next operation on.");
  m.def(
      "winograd_use",
      [] {
        switch (winograd_use()) {
          case WinogradUse::off: return "off";
          case WinogradUse::where_it_fits: return "where it fits";
          case WinogradUse::tiles_of_2: return "where it fits, 2×2";
          case WinogradUse::tiles_of_4: return "where it fits, 4×4";
          default: return "where it pays";
        }
      },
      "Which 3×3 convolutions use Winograd's method.");
  m.def(
      "empty",
      [](const std::string& dtype, const Shape& shape) {
        return new_lasting_array({dtype_from_name("empty", dtype), shape});
      },
      py::arg("dtype"), py::arg("shape"), "An array aligned for vectors, outside of the pool; contents undefined.");
  m.def("pool_trim", &pool_trim, "Give idle pooled memory back to the operating system.");
  m.def(
      "pool_statistics",
      [] {
        const PoolStatistics s = pool_statistics();
        return std::make_pair(s.in_use, s.idle);
      },
      "(bytes in use, bytes idle) of the buffer pool.");
}

}  // namespace juanji::bindings
