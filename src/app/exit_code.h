#pragma once
// What the shell is told. The numbers are in the README.
#include "redkeep/result.h"

namespace redkeep::app {

enum class ExitCode : int {
  Fine = 0,
  ProblemsFound = 1,
  WrongUsage = 2,   ///< Flags, configuration or input.
  Unreachable = 3,  ///< No answer to go on with: not there, not ready yet, or no Redis.
  Refused = 4,      ///< Would be unsafe, or the server does not permit it; the message says what
                    ///< would allow it.
};

/// The exit code that an error of this kind ends a command with.
ExitCode exit_code_for(ErrorKind kind);

/// Prints "redkeep: <message>" to stderr and returns the exit code for it.
int fail(const Error& error);

}  // namespace redkeep::app
