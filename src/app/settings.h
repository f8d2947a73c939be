#pragma once
// Everything that can be set, and how it comes together: defaults, then redkeep.toml, then
// environment variables, then flags.
#include <optional>
#include <string>
#include <vector>

#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::app {

struct Settings {
  Options options;
  std::string http_listen = "127.0.0.1:8390";  ///< HOST:PORT; empty: no HTTP.
  std::vector<std::string> http_hosts;         ///< Further names that a Host header may have.
  std::string log_level = "info";
  std::string config_file;            ///< The file that was read; empty: none.
  std::vector<std::string> warnings;  ///< What was accepted but should be mended.
};

/// Flags that many commands share; empty means not given.
struct ConnectionFlags {
  std::string url;
  std::string password_file;
  std::string ca_file;
  std::string config_file;
  std::string prefix;
  std::string limit;
  std::string log_level;
};

/// All errors that were found, one per line and each with file, line and column where it has them.
struct SettingsErrors {
  std::vector<std::string> lines;
  Error as_error() const;
};

/// Reads one configuration file onto `settings`; adds to `errors` and goes on, so that all are
/// reported at once.
void read_config_file(const std::string& path, Settings& settings, SettingsErrors& errors);

/// Environment variables: REDKEEP_URL, REDKEEP_PASSWORD, REDKEEP_PREFIX, REDKEEP_LIMIT,
/// REDKEEP_HTTP, REDKEEP_LOG_LEVEL.
void read_environment(Settings& settings, SettingsErrors& errors);

/// What no single setting can know: marks in order, classes that compile.
void check_settings(const Settings& settings, SettingsErrors& errors);

/// The whole: without --config, ./redkeep.toml or /etc/redkeep/redkeep.toml is read if it exists.
Result<Settings> load_settings(const ConnectionFlags& flags);

}  // namespace redkeep::app
