// main() of every benchmark program: threads, context lines, the peak before and after.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/isa.hpp"
#include "core/parallel.hpp"
#include "peak.hpp"

namespace juanji::benchmarks {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string family;
  std::string name = "unknown";
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (line.rfind("model name", 0) == 0) name = line.substr(colon + 2);
    if (line.rfind("cpu family", 0) == 0) family += " family " + line.substr(colon + 2);
    if (line.rfind("model\t", 0) == 0) family += " model " + line.substr(colon + 2);
  }
  return name + family;
}

// The commit of the source folder, with "-dirty" where files differ from it.
std::string commit() {
  const std::string command = "git -C '" JUANJI_SOURCE_DIR "' describe --always --dirty --abbrev=9 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 64> text{};
  if (!pipe || std::fgets(text.data(), text.size(), pipe.get()) == nullptr) return "unknown";
  text[std::strcspn(text.data(), "\n")] = '\0';
  return text.data();
}

std::string describe(const Peak& p) {
  std::array<char, 160> text{};
  std::snprintf(
      text.data(), text.size(), "float %.1f GFLOP/s, double %.1f GFLOP/s, L2 %.1f GB/s, L3 %.1f GB/s, memory %.1f GB/s",
      p.flops_float * 1e-9, p.flops_double * 1e-9, p.bytes_l2 * 1e-9, p.bytes_l3 * 1e-9, p.bytes_memory * 1e-9);
  return text.data();
}

// Columns, without the "/s" that the library adds to every rate: the names say what they are.
class Reporter : public benchmark::ConsoleReporter {
 public:
  Reporter() : ConsoleReporter(OO_Tabular) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> plain = runs;
    for (Run& run : plain) {
      for (auto& counter : run.counters) counter.second.flags = benchmark::Counter::kDefaults;
    }
    ConsoleReporter::ReportRuns(plain);
  }
};

// Takes --threads=N or --threads N out of the arguments; Google Benchmark handles the rest.
void take_threads(int& argc, char** argv) {
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const bool joined = std::strncmp(argv[i], "--threads=", 10) == 0;
    const bool separate = std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc;
    if (joined || separate) {
      set_num_threads(std::atoi(joined ? argv[i] + 10 : argv[++i]));
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
}

}  // namespace

int run(int argc, char** argv) {
  take_threads(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const Peak before = peak();
  benchmark::AddCustomContext("cpu", cpu_model());
  benchmark::AddCustomContext("instruction set", isa_name(active_isa()));
  benchmark::AddCustomContext("threads", std::to_string(num_threads()));
  benchmark::AddCustomContext("commit", commit());
  benchmark::AddCustomContext("peak", describe(before));
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  const Peak after = measure_peak();
  std::fprintf(stderr, "peak afterwards: %s (float: %+.1f %%)\n", describe(after).c_str(),
               100.0 * (after.flops_float / before.flops_float - 1.0));
  return 0;
}

}  // namespace juanji::benchmarks

int main(int argc, char** argv) {
  try {
    return juanji::benchmarks::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
