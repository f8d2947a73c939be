#pragma once
// What the shell is told. The numbers are in the README.
#include "redkeep/result.h"

namespace redkeep::app {

enum class ExitCode : int {
  Fine = 0,
  ProblemsFound = 1,
  WrongUsage = 2,  ///< Flags, configuration or input.
  Unreachable = 3,
  Refused = 4,  ///< Would be unsafe; the message says what allows it.
};

/// The exit code that an error of this kind ends a command with.
ExitCode exit_code_for(ErrorKind kind);

/// Prints "redkeep: <message>" to stderr and returns the exit code for it.
int fail(const Error& error);

}  // namespace redkeep::app
