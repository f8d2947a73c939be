#pragma once
// Everything that can be set, and how it comes together: defaults, then redkeep.toml, then
// environment variables, then flags.
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/options.h"
#include "redkeep/result.h"

namespace redkeep::app {

struct Settings {
  Options options;
  std::string http_listen = "127.0.0.1:8390";  ///< HOST:PORT; empty: no HTTP.
  std::vector<std::string> http_hosts;         ///< Further names that a Host header may have.
  /// Between two looks by sample and doctor beside the guard; 0: never.
  std::chrono::seconds census_every{300};
  std::string log_level = "info";
  std::string config_file;            ///< The file that was read; empty: none.
  bool content_is_argument = false;   ///< The content directory was named as DIR of a command.
  std::string password_file;          ///< As --password-file named it; empty: not given.
  std::vector<std::string> warnings;  ///< What was accepted but should be mended.
  /// Where each setting that is not a default was set: "[pressure] limit" or "class sessions" ->
  /// "redkeep.toml:12:9", "REDKEEP_LIMIT" or "--limit".
  std::map<std::string, std::string, std::less<>> places;
};

/// Flags that many commands share. Nothing means not given; what is given overrides, and is an
/// error where it is empty and must not be.
struct ConnectionFlags {
  std::optional<std::string> url;
  std::optional<std::string> password_file;
  std::optional<std::string> ca_file;
  std::optional<std::string> config_file;
  std::optional<std::string> prefix;
  std::optional<std::string> limit;
  std::optional<std::string> log_level;
  std::optional<std::string> http;
  std::optional<std::string> content;
  bool content_is_argument = false;  ///< `content` is DIR of a command that looks for it itself.
  std::optional<std::string> data;
};

/// All errors that were found, one per line and each with file, line and column where it has them.
struct SettingsErrors {
  std::vector<std::string> lines;
  /// Settings whose value was refused: what they would have been is not known, so that nothing
  /// more is said of them.
  std::set<std::string, std::less<>> refused;
  /// Part of the file is no TOML, so that any setting may be missing.
  bool file_is_torn = false;

  void add(std::string_view place, std::string_view what);
  Error as_error() const;
};

/// Environment variables: REDKEEP_URL, REDKEEP_PASSWORD, REDKEEP_PREFIX, REDKEEP_LIMIT,
/// REDKEEP_HTTP, REDKEEP_LOG_LEVEL. One that is empty counts as not set.
void read_environment(Settings& settings, SettingsErrors& errors);

/// What no single setting can know: marks in order, classes that compile. Errors name the place
/// where the setting was set. What is legal but hardly meant becomes a warning.
void check_settings(Settings& settings, SettingsErrors& errors);

/// The whole: without --config, ./redkeep.toml or /etc/redkeep/redkeep.toml is read if it exists.
Result<Settings> load_settings(const ConnectionFlags& flags);

/// Warns if a file that holds a password may be read by others.
void warn_of_open_secret(const std::string& path, Settings& settings);

}  // namespace redkeep::app
