#pragma once
// Commands that mend something, as they can be pasted into a shell.
#include <string>
#include <vector>

#include "app/settings.h"
#include "doctor/finding.h"

namespace redkeep::app {

/// A command as it can be pasted into a shell, in any directory: where the server is included, and
/// of ours the configuration that was in force, without which others' classes would be mended. The
/// password is not (it comes from REDISCLI_AUTH or REDKEEP_PASSWORD), its file is.
std::string shell_command(const doctor::Mend& mend, const Settings& settings);

/// What a command is told to go by.
struct Source {
  std::string directory;
  bool is_data = false;  ///< A data directory, not a content's.
};

/// Ours by its directory: {"repair"} with {"--dry-run"} -> "redkeep repair /srv/site --dry-run
/// ...".
std::string command_by(const Source& source, std::vector<std::string> words,
                       const std::vector<std::string>& flags, const Settings& settings);

/// The same file or directory, whatever directory the command is pasted in.
std::string from_anywhere(const std::string& path);

}  // namespace redkeep::app
