#pragma once
// DIR of verify, repair and rebuild: an argument that the configuration may stand in for.
#include "app/command_line.h"

namespace redkeep::app {

/// Adds DIR to a subcommand, over `[content] directory`.
void add_content_argument(CLI::App& command, ConnectionFlags& flags);

/// InvalidInput if neither was given.
Result<std::string> content_directory(const Settings& settings);

}  // namespace redkeep::app
