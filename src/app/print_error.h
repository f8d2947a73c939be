#pragma once
// What is said beside a result: errors, warnings, progress.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace redkeep::app {

/// To stderr. That it cannot be written (the terminal is gone, the disk is full) ends nothing, as
/// it would with fmt::print: there is nobody to tell.
template <class... Arguments>
void print_error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

}  // namespace redkeep::app
