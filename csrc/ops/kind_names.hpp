// Operations that are one of a list of kinds, chosen by name.
#pragma once

#include <string>

#include "core/check.hpp"

namespace juanji {

// Index of `name` among `names`; throws std::invalid_argument with all of them. `what` says what is named.
template <size_t kCount>
int find_name(const char* const (&names)[kCount], const std::string& who, const char* what, const std::string& name) {
  std::string all;
  for (size_t i = 0; i < kCount; ++i) {
    if (name == names[i]) return static_cast<int>(i);
    all += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  fail(who, std::string("unknown ") + what, "one of " + all, what, name, "");
}

}  // namespace juanji
