// Error messages of one form: `<op>: <what is wrong>; expected <X>, got <name>=<value>. <how to fix>`.
#pragma once

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace juanji {

// Becomes Python's TypeError; std::invalid_argument becomes ValueError.
struct DTypeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

inline std::string to_text(const std::string& value) { return value; }
inline std::string to_text(const char* value) { return value; }
inline std::string to_text(bool value) { return value ? "True" : "False"; }
inline std::string to_text(const std::vector<int64_t>& shape) {
  std::ostringstream out;
  out << '(';
  for (size_t i = 0; i < shape.size(); ++i) out << (i == 0 ? "" : ", ") << shape[i];
  out << (shape.size() == 1 ? ",)" : ")");
  return out.str();
}
template <class T>
std::string to_text(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

template <class Error = std::invalid_argument, class Expected, class Got>
[[noreturn]] void fail(const std::string& op, const std::string& what, const Expected& expected,
                       const std::string& name, const Got& got, const std::string& fix) {
  throw Error(op + ": " + what + "; expected " + to_text(expected) + ", got " + name + "=" + to_text(got) +
              (fix.empty() ? "." : ". " + fix));
}

}  // namespace juanji
