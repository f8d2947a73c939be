#pragma once
// The program as one call; apart from command_line.h, which includes all of CLI11.

namespace redkeep::app {

/// Parses and runs; returns the exit code. Overwrites passwords in `argv`.
int run_command_line(int argc, char** argv);

}  // namespace redkeep::app
