#pragma once
// DIR of verify, repair and rebuild: an argument that the configuration may stand in for.
#include "app/command_line.h"

namespace redkeep::app {

/// Adds DIR to a subcommand, over `[content] directory`.
void add_content_argument(CLI::App& command, ConnectionFlags& flags);

/// InvalidInput where it is not there: a command that reads it is used wrongly.
Status require_content_directory(const std::string& directory);

/// InvalidInput if neither was given, or if it is not there.
Result<std::string> content_directory(const Settings& settings);

/// Adds --data to a subcommand that has DIR.
void add_data_flag(CLI::App& command, ConnectionFlags& flags);

/// Of the flag that lets a content directory undo what a journal has stored.
constexpr const char* kDespiteJournalHelp =
    "Make Redis what DIR says although a journal is in use: what was stored through it is undone";

/// Whether a data directory is what is meant: one is named, or one is configured and no content
/// directory is named in the command.
bool means_data_directory(const Settings& settings, const ConnectionFlags& given);

}  // namespace redkeep::app
