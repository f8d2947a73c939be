#include "app/settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "app/endpoint_url.h"
#include "error/error.h"
#include "keys/class_table.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

constexpr const char* kDefaultUrl = "redis://127.0.0.1:6390/0";  // what `redkeep up` starts
constexpr const char* kConfigPlaces[] = {"redkeep.toml", "/etc/redkeep/redkeep.toml"};

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

void keep_error(const Status& status, std::string_view where, SettingsErrors& errors) {
  if (!status) errors.lines.push_back(fmt::format("{}: {}", where, status.error().message));
}

void apply_limit(const std::string& text, std::string_view where, Settings& settings,
                 SettingsErrors& errors) {
  const auto bytes = sizes::parse_bytes(text);
  if (bytes) {
    settings.options.pressure.limit_bytes = *bytes;
  } else {
    errors.lines.push_back(fmt::format("{}: {}", where, bytes.error().message));
  }
}

Result<std::string> read_password_file(const std::string& path) {
  std::ifstream file(path);
  std::string password;
  if (!file || !std::getline(file, password)) {
    return make_error(ErrorKind::InvalidInput, "the password file {} cannot be read: {}", path,
                      file.eof() ? "it is empty" : system_reason(errno));
  }
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

void apply_flags(const ConnectionFlags& flags, Settings& settings, SettingsErrors& errors) {
  EndpointOptions& endpoint = settings.options.endpoint;
  if (!flags.url.empty()) {
    keep_error(apply_url(flags.url, endpoint), "--url", errors);
    if (!password_in(flags.url).empty()) {
      settings.warnings.push_back(
          "a password in a URL can be seen by others: use REDKEEP_PASSWORD or --password-file");
    }
  }
  if (!flags.password_file.empty()) {
    auto password = read_password_file(flags.password_file);
    if (password) {
      endpoint.password = std::move(*password);
    } else {
      errors.lines.push_back(password.error().message);
    }
  }
  if (!flags.ca_file.empty()) endpoint.ca_file = flags.ca_file;
  if (!flags.prefix.empty()) settings.options.prefix = flags.prefix;
  if (!flags.limit.empty()) apply_limit(flags.limit, "--limit", settings, errors);
  if (!flags.log_level.empty()) settings.log_level = flags.log_level;
}

std::string find_config(const ConnectionFlags& flags) {
  if (!flags.config_file.empty()) return flags.config_file;
  for (const char* place : kConfigPlaces) {
    if (exists(place)) return place;
  }
  return {};
}

}  // namespace

Error SettingsErrors::as_error() const {
  return make_error(ErrorKind::InvalidInput, "{}", fmt::join(lines, "\nredkeep: "));
}

void read_environment(Settings& settings, SettingsErrors& errors) {
  const auto value = [](const char* name) -> std::string {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
  };
  EndpointOptions& endpoint = settings.options.endpoint;
  if (const auto url = value("REDKEEP_URL"); !url.empty()) {
    keep_error(apply_url(url, endpoint), "REDKEEP_URL", errors);
  }
  if (const auto password = value("REDKEEP_PASSWORD"); !password.empty()) {
    endpoint.password = password;
  }
  if (const auto prefix = value("REDKEEP_PREFIX"); !prefix.empty())
    settings.options.prefix = prefix;
  if (const auto limit = value("REDKEEP_LIMIT"); !limit.empty()) {
    apply_limit(limit, "REDKEEP_LIMIT", settings, errors);
  }
  if (const auto http = value("REDKEEP_HTTP"); !http.empty()) settings.http_listen = http;
  if (const auto level = value("REDKEEP_LOG_LEVEL"); !level.empty()) settings.log_level = level;
}

void check_settings(const Settings& settings, SettingsErrors& errors) {
  const PressureOptions& marks = settings.options.pressure;
  const auto must = [&](bool holds, std::string_view sentence) {
    if (!holds) errors.lines.push_back(std::string(sentence));
  };
  must(marks.stop_shedding_pct < marks.start_shedding_pct,
       "[pressure] stop_shedding must be below start_shedding");
  must(marks.start_shedding_pct < marks.emergency_pct,
       "[pressure] start_shedding must be below emergency");
  must(marks.stop_shedding_pct < marks.leave_emergency_pct &&
           marks.leave_emergency_pct < marks.emergency_pct,
       "[pressure] leave_emergency must lie between stop_shedding and emergency");
  must(marks.stop_shedding_pct > 0, "[pressure] stop_shedding must be above 0%");
  must(marks.min_interval.count() > 0 && marks.min_interval <= marks.interval,
       "[pressure] min_interval must be above zero and not above interval");
  must(marks.dwell.count() > 0, "[pressure] dwell must be above zero");
  must(marks.alert_every.count() > 0, "[pressure] alert_every must be at least 1s");
  static constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
  must(std::find(std::begin(kLevels), std::end(kLevels), settings.log_level) != std::end(kLevels),
       "the log level must be debug, info, warn or error");
  const auto table = keys::ClassTable::compile(settings.options.prefix, settings.options.classes);
  if (!table) errors.lines.push_back(table.error().message);
}

Result<Settings> load_settings(const ConnectionFlags& flags) {
  Settings settings;
  SettingsErrors errors;
  keep_error(apply_url(kDefaultUrl, settings.options.endpoint), "the default URL", errors);
  settings.config_file = find_config(flags);
  if (!settings.config_file.empty()) read_config_file(settings.config_file, settings, errors);
  read_environment(settings, errors);
  apply_flags(flags, settings, errors);
  check_settings(settings, errors);
  if (!errors.lines.empty()) return errors.as_error();
  return settings;
}

}  // namespace redkeep::app
