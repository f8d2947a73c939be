#include "app/exit_code.h"

#include <fmt/format.h>

#include <cstdio>

#include "app/print_error.h"

namespace redkeep::app {

ExitCode exit_code_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::InvalidInput: return ExitCode::WrongUsage;
    case ErrorKind::NotPermitted:
    case ErrorKind::Refused: return ExitCode::Refused;
    case ErrorKind::Unreachable:
    case ErrorKind::UnknownOutcome:
    case ErrorKind::ServerBusy:
    case ErrorKind::Protocol: return ExitCode::Unreachable;
    case ErrorKind::NotFound:
    case ErrorKind::Conflict:
    case ErrorKind::OutOfMemory:
    case ErrorKind::Io:
    case ErrorKind::Interrupted: return ExitCode::ProblemsFound;
  }
  return ExitCode::ProblemsFound;
}

int fail(const Error& error) {
  print_error("redkeep: {}\n", error.message);
  if (error.kind == ErrorKind::Unreachable) {
    print_error("redkeep: is it running? --url says where Redis is; `redkeep up` starts one\n");
  }
  return static_cast<int>(exit_code_for(error.kind));
}

}  // namespace redkeep::app
