#pragma once
// The command line called as a function, with what it printed.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "app/run_command_line.h"

namespace redkeep::app {

struct Said {
  int code = 0;
  std::string out;
  std::string err;
  std::string arguments;  ///< What is left of them, as `ps` would show them.
};

inline Said run_redkeep(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "redkeep");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  said.code = run_command_line(static_cast<int>(arguments.size()), argv.data());
  std::fflush(stdout);
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  for (const auto& argument : arguments) said.arguments += argument + " ";
  return said;
}

}  // namespace redkeep::app
