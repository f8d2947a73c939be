#pragma once
// What settings depend on beside their arguments: the working directory and the environment. For as
// long as it lives a test stands in an empty directory of its own, without any REDKEEP_ variable.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "app/settings.h"
#include "temporary_directory.h"

namespace redkeep::app {

class CleanSurroundings {
 public:
  CleanSurroundings() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(directory_.path());
    for (const char* variable : {"REDKEEP_URL", "REDKEEP_PASSWORD", "REDKEEP_PREFIX",
                                 "REDKEEP_LIMIT", "REDKEEP_HTTP", "REDKEEP_LOG_LEVEL"}) {
      const char* value = std::getenv(variable);
      variables_[variable] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(variable);
    }
  }
  ~CleanSurroundings() {
    for (const auto& [variable, value] : variables_) {
      if (value) {
        ::setenv(variable.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(variable.c_str());
      }
    }
    std::filesystem::current_path(before_);
  }
  CleanSurroundings(const CleanSurroundings&) = delete;
  CleanSurroundings& operator=(const CleanSurroundings&) = delete;

  // Only the variables above: they are put back at the end.
  void set(const std::string& variable, const std::string& value) {
    if (!variables_.contains(variable)) std::abort();
    ::setenv(variable.c_str(), value.c_str(), 1);
  }

  // Writes a file that only its owner may read; returns its name in the working directory.
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(name, std::ios::binary)
        .write(text.data(), static_cast<std::streamsize>(text.size()));
    ::chmod(name.c_str(), 0600);
    return name;
  }

 private:
  std::filesystem::path before_;
  TemporaryDirectory directory_;
  std::map<std::string, std::optional<std::string>> variables_;
};

/// Flags with --config alone, so that a file of this machine is never read.
inline ConnectionFlags flags_for(std::string config_file) {
  ConnectionFlags flags;
  flags.config_file = std::move(config_file);
  return flags;
}

}  // namespace redkeep::app
