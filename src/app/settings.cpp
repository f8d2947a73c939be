#include "app/settings.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "app/config/config_file.h"
#include "app/endpoint_url.h"
#include "app/setting_list.h"
#include "error/error.h"

namespace redkeep::app {
namespace {

constexpr const char* kDefaultUrl = "redis://127.0.0.1:6390/0";  // what `redkeep up` starts
constexpr const char* kConfigPlaces[] = {"redkeep.toml", "/etc/redkeep/redkeep.toml"};

// One that may not be looked at is there: reading it says why not, and it is not passed over.
bool exists(const char* path) {
  struct stat status {};
  return ::stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::string environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

Result<std::string> read_password_file(const std::string& path) {
  const auto refused = [&](std::string_view why) {
    return make_error(ErrorKind::InvalidInput, "the password file {} {}", printable(path), why);
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (!file) return refused("cannot be read: " + system_reason(errno));
  std::array<char, 4096> block{};
  errno = 0;
  const std::size_t size = std::fread(block.data(), 1, block.size(), file.get());
  if (std::ferror(file.get()) != 0) return refused("cannot be read: " + system_reason(errno));
  std::string_view line(block.data(), size);
  const auto end = line.find('\n');
  if (end == std::string_view::npos && size == block.size()) return refused("has no end of line");
  line = line.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return refused("has no password in its first line");
  return std::string(line);
}

// A source of single settings: the environment's variables, or the flags.
class Overrides {
 public:
  Overrides(Settings& settings, SettingsErrors& errors)
      : settings_(settings), errors_(errors), list_(setting_list(settings)) {}

  void apply(std::string_view setting, const std::string& text, std::string_view source) {
    apply_setting(setting_named(list_, setting), text, {std::string(source), true}, settings_,
                  errors_);
  }

  // A flag that was given as "" is a script whose variable is empty: never taken for "not given".
  void apply_flag(std::string_view setting, const std::optional<std::string>& text,
                  std::string_view flag) {
    if (!text) return;
    if (text->empty()) {
      errors_.add(flag, "is empty: give a value or leave the flag out");
    } else {
      apply(setting, *text, flag);
    }
  }

 private:
  Settings& settings_;
  SettingsErrors& errors_;
  std::vector<Setting> list_;
};

void apply_password_file(const std::string& path, Settings& settings, SettingsErrors& errors) {
  auto password = read_password_file(path);
  if (!password) {
    errors.add("--password-file", password.error().message);
    return;
  }
  settings.options.endpoint.password = std::move(*password);
  settings.password_file = path;
  warn_of_open_secret(path, settings);
}

void apply_flags(const ConnectionFlags& flags, Settings& settings, SettingsErrors& errors) {
  Overrides overrides(settings, errors);
  overrides.apply_flag("[redis] url", flags.url, "--url");
  EndpointOptions& endpoint = settings.options.endpoint;
  if (flags.url && !password_in(*flags.url).empty()) {
    settings.warnings.push_back(
        "a password in a URL can be seen by others: use REDKEEP_PASSWORD or --password-file");
  }
  // A URL replaces the one before with its password; the variable is for whichever URL it is.
  if (endpoint.password.empty()) endpoint.password = environment("REDKEEP_PASSWORD");
  if (flags.password_file) apply_password_file(*flags.password_file, settings, errors);
  overrides.apply_flag("[redis] ca_file", flags.ca_file, "--ca-file");
  if (flags.prefix) overrides.apply("[keys] prefix", *flags.prefix, "--prefix");  // may be ""
  overrides.apply_flag("[pressure] limit", flags.limit, "--limit");
  overrides.apply_flag("[content] directory", flags.content, "--content");
  overrides.apply_flag("[ledger] directory", flags.data, "--data");
  overrides.apply_flag("[http] listen", flags.http, "--http");
  overrides.apply_flag("[log] level", flags.log_level, "--log-level");
}

std::string find_config(const ConnectionFlags& flags) {
  if (flags.config_file) return *flags.config_file;
  for (const char* place : kConfigPlaces) {
    if (exists(place)) return place;
  }
  return {};
}

}  // namespace

void SettingsErrors::add(std::string_view place, std::string_view what) {
  lines.push_back(fmt::format("{}: {}", place, what));
}

Error SettingsErrors::as_error() const {
  return make_error(ErrorKind::InvalidInput, "{}", fmt::join(lines, "\nredkeep: "));
}

void read_environment(Settings& settings, SettingsErrors& errors) {
  static constexpr std::pair<const char*, std::string_view> kVariables[] = {
      {"REDKEEP_URL", "[redis] url"},
      {"REDKEEP_PREFIX", "[keys] prefix"},
      {"REDKEEP_LIMIT", "[pressure] limit"},
      {"REDKEEP_HTTP", "[http] listen"},
      {"REDKEEP_LOG_LEVEL", "[log] level"}};
  Overrides overrides(settings, errors);
  for (const auto& [variable, setting] : kVariables) {
    if (const auto text = environment(variable); !text.empty()) {
      overrides.apply(setting, text, variable);
    }
  }
  if (auto password = environment("REDKEEP_PASSWORD"); !password.empty()) {
    settings.options.endpoint.password = std::move(password);
  }
}

void warn_of_open_secret(const std::string& path, Settings& settings) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  settings.warnings.push_back(
      fmt::format("{} holds a password and others may read it: chmod 600 {}", printable(path),
                  printable(path)));
}

Result<Settings> load_settings(const ConnectionFlags& flags) {
  Settings settings;
  SettingsErrors errors;
  if (const Status set = apply_url(kDefaultUrl, settings.options.endpoint); !set) {
    return set.error();
  }
  settings.config_file = find_config(flags);
  if (!settings.config_file.empty() || flags.config_file) {
    read_config_file(settings.config_file, settings, errors);
  }
  read_environment(settings, errors);
  apply_flags(flags, settings, errors);
  settings.content_is_argument = flags.content_is_argument;
  check_settings(settings, errors);
  if (!errors.lines.empty()) return errors.as_error();
  return settings;
}

}  // namespace redkeep::app
