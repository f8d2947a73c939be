#include "app/setting_list.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <charconv>
#include <cstdlib>

#include "app/endpoint_url.h"
#include "app/http/listen_address.h"
#include "error/error.h"
#include "redis/connection.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Error refused(std::string_view text, std::string_view why) {
  return make_error(ErrorKind::InvalidInput, "\"{}\" {}", printable(text), why);
}

Setting make(std::string_view table, std::string_view key, std::string_view example) {
  Setting setting;
  setting.table = table;
  setting.key = key;
  setting.example = example;
  return setting;
}

Setting pct(std::string_view table, std::string_view key, double& value) {
  Setting setting = make(table, key, "\"85%\"");
  setting.set = [&value](const std::string& text) -> Status {
    const auto parsed = sizes::parse_pct(text);
    if (!parsed) return parsed.error();
    if (*parsed <= 0) return refused(text, "must be above 0%");
    value = *parsed;
    return {};
  };
  setting.show = [&value] { return fmt::format("{}%", value); };
  return setting;
}

Setting duration(std::string_view table, std::string_view key, milliseconds& value,
                 milliseconds least = milliseconds{1}) {
  Setting setting = make(table, key, "\"5s\"");
  setting.set = [&value, least](const std::string& text) -> Status {
    const auto parsed = sizes::parse_duration(text);
    if (!parsed) return parsed.error();
    if (*parsed < least) return refused(text, "must be at least 1ms");
    value = *parsed;
    return {};
  };
  setting.show = [&value] { return exact_duration(value); };
  return setting;
}

enum class Never { No, IsZero };

Setting whole_seconds(std::string_view table, std::string_view key, seconds& value,
                      Never never = Never::No) {
  Setting setting = make(table, key, "\"60s\"");
  setting.set = [&value, never](const std::string& text) -> Status {
    if (never == Never::IsZero && text == "never") {
      value = seconds{0};
      return {};
    }
    const auto parsed = parse_whole_seconds(text);
    if (!parsed) return parsed.error();
    value = *parsed;
    return {};
  };
  setting.show = [&value, never]() -> std::string {
    if (never == Never::IsZero && value.count() == 0) return "never";
    return exact_duration(value);
  };
  return setting;
}

Setting bytes(std::string_view table, std::string_view key, std::int64_t& value) {
  Setting setting = make(table, key, "\"512MiB\"");
  setting.set = [&value](const std::string& text) -> Status {
    const auto parsed = sizes::parse_bytes(text);
    if (!parsed) return parsed.error();
    value = *parsed;
    return {};
  };
  setting.show = [&value] { return exact_bytes(value); };
  return setting;
}

// A whole number in quotes, as all values are.
Setting count(std::string_view table, std::string_view key, std::int64_t& value) {
  Setting setting = make(table, key, "\"100000\"");
  setting.set = [&value](const std::string& text) -> Status {
    std::int64_t parsed = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (failure != std::errc{} || end != text.data() + text.size() || parsed <= 0) {
      return refused(text, "is not a whole number above 0");
    }
    value = parsed;
    return {};
  };
  setting.show = [&value] { return fmt::to_string(value); };
  return setting;
}

// One of a few words.
template <class Value>
Setting choice(std::string_view table, std::string_view key, Value& value,
               std::vector<std::pair<std::string_view, Value>> choices) {
  Setting setting = make(table, key, "\"plain\"");
  setting.set = [&value, choices](const std::string& text) -> Status {
    std::string names;
    for (const auto& [name, chosen] : choices) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
      if (name != text) continue;
      value = chosen;
      return {};
    }
    return refused(text, "is not one of " + names);
  };
  setting.show = [&value, choices] {
    for (const auto& [name, chosen] : choices) {
      if (chosen == value) return std::string(name);
    }
    std::abort();
  };
  return setting;
}

// What comes before the path: user, password, path and query may be secrets.
std::string without_secrets(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto end = std::min(url.find_first_of("/?#", host), url.size());
  const std::string_view authority = url.substr(host, end - host);
  const auto at = authority.rfind('@');
  const auto shown = at == std::string_view::npos ? authority : authority.substr(at + 1);
  return fmt::format("{}{}{}", url.substr(0, host), shown, end < url.size() ? "/..." : "");
}

// Shown without user, password and query: they may be secrets.
Setting webhook(std::string& value) {
  Setting setting = make("alerts", "webhook", "\"http://127.0.0.1:9093/api/v2/alerts\"");
  setting.set = [&value](const std::string& text) -> Status {
    if (!text.empty()) {
      const auto url = boost::urls::parse_uri(text);
      const bool right = url && (url->scheme() == "http" || url->scheme() == "https") &&
                         !url->encoded_host().empty() &&
                         (!url->has_port() || sizes::parse_port(url->port()));
      if (!right) {
        return refused(without_secrets(text), "is not an http:// or https:// URL");
      }
    }
    value = text;
    return {};
  };
  setting.show = [&value]() -> std::string {
    const auto url = boost::urls::parse_uri(value);
    if (!url) return {};
    return fmt::format("{}://{}{}", std::string(url->scheme()),
                       std::string(url->encoded_host_and_port()), std::string(url->encoded_path()));
  };
  return setting;
}

Setting path(std::string_view table, std::string_view key, std::string_view example,
             std::string& value) {
  Setting setting = make(table, key, example);
  setting.set = [&value](const std::string& text) -> Status {
    value = text;
    return {};
  };
  setting.show = [&value] { return value; };
  return setting;
}

Setting url(EndpointOptions& endpoint) {
  Setting setting = make("redis", "url", "\"redis://127.0.0.1:6390/0\"");
  setting.set = [&endpoint](const std::string& text) { return apply_url(text, endpoint); };
  setting.show = [&endpoint] {
    std::string shown = redis::describe(endpoint);
    if (!endpoint.user.empty()) shown.insert(shown.find("://") + 3, endpoint.user + "@");
    return shown;
  };
  return setting;
}

// An empty prefix is legal (the database is ours alone); glob characters are, and are escaped.
Setting prefix(std::string& value) {
  constexpr std::size_t kMostBytes = 128;
  Setting setting = make("keys", "prefix", "\"reed:\"");
  setting.set = [&value](const std::string& text) -> Status {
    if (text.size() > kMostBytes) return refused(text, "is longer than 128 bytes");
    if (text.find(' ') != std::string::npos) return refused(text, "has a blank in it");
    value = text;
    return {};
  };
  setting.show = [&value] { return value; };
  return setting;
}

Setting listen(std::string& value) {
  Setting setting = make("http", "listen", "\"127.0.0.1:8390\"");
  setting.set = [&value](const std::string& text) -> Status {
    if (text == "off") {
      value.clear();
      return {};
    }
    const auto parsed = http::parse_listen_address(text);
    if (!parsed) return parsed.error();
    value = text;
    return {};
  };
  setting.show = [&value] { return value.empty() ? "off" : value; };
  return setting;
}

// An empty name would let requests without a Host header in, one with a port would never match.
Setting hosts(std::vector<std::string>& value) {
  Setting setting = make("http", "hosts", "[\"redkeep.example\"]");
  setting.set_list = [&value](const std::vector<std::string>& names) -> Status {
    for (const auto& name : names) {
      const bool is_ipv6 = name.starts_with('[') && name.ends_with(']');
      if (name.empty() || (!is_ipv6 && name.find_first_of(":/ ") != std::string::npos)) {
        return refused(name, "is not a host's name (without port): write \"redkeep.example\"");
      }
    }
    value = names;
    return {};
  };
  setting.show = [&value] { return fmt::format("{}", fmt::join(value, " ")); };
  return setting;
}

Setting log_level(std::string& value) {
  Setting setting = make("log", "level", "\"info\"");
  setting.set = [&value](const std::string& text) -> Status {
    static constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
    if (std::find(std::begin(kLevels), std::end(kLevels), text) == std::end(kLevels)) {
      return refused(text, "is not one of debug, info, warn, error");
    }
    value = text;
    return {};
  };
  setting.show = [&value] { return value; };
  return setting;
}

}  // namespace

std::string Setting::name() const { return fmt::format("[{}] {}", table, key); }

std::vector<Setting> setting_list(Settings& settings) {
  Options& options = settings.options;
  PressureOptions& pressure = options.pressure;
  return {url(options.endpoint),
          path("redis", "ca_file", "\"/etc/ssl/redis-ca.pem\"", options.endpoint.ca_file),
          duration("redis", "deadline", options.endpoint.deadline),
          duration("redis", "connect_deadline", options.endpoint.connect_deadline),
          prefix(options.prefix),
          pct("pressure", "stop_shedding", pressure.stop_shedding_pct),
          pct("pressure", "start_shedding", pressure.start_shedding_pct),
          pct("pressure", "leave_emergency", pressure.leave_emergency_pct),
          pct("pressure", "emergency", pressure.emergency_pct),
          duration("pressure", "dwell", pressure.dwell),
          duration("pressure", "interval", pressure.interval),
          duration("pressure", "min_interval", pressure.min_interval),
          bytes("pressure", "limit", pressure.limit_bytes),
          whole_seconds("pressure", "restore_cool_down", pressure.restore_cool_down),
          whole_seconds("pressure", "protected_full_within", pressure.protected_full_within),
          choice("pressure", "index_in_emergency", pressure.index_in_emergency,
                 {{"keep", IndexInEmergency::Keep}, {"drop", IndexInEmergency::Drop}}),
          choice("shed", "victims", options.shed.victims,
                 {{"coldest", Victims::Coldest}, {"soonest", Victims::Soonest}}),
          count("shed", "most_keys_per_minute", options.shed.most_keys_per_minute),
          whole_seconds("alerts", "every", options.alerts.every),
          duration("alerts", "grace", options.alerts.grace, milliseconds{0}),
          webhook(options.alerts.webhook),
          choice("alerts", "webhook_form", options.alerts.webhook_form,
                 {{"alertmanager", AlertOptions::Form::Alertmanager},
                  {"plain", AlertOptions::Form::Plain}}),
          path("alerts", "command", "\"/usr/local/bin/page-me\"", options.alerts.command),
          path("ledger", "directory", "\"/var/lib/redkeep\"", options.data_directory),
          choice("journal", "durability", options.journal.durability,
                 {{"fsync", Durability::Fsync}, {"os", Durability::Os}}),
          whole_seconds("journal", "checkpoint_every", options.journal.checkpoint_every),
          bytes("journal", "checkpoint_size", options.journal.checkpoint_bytes),
          choice("drift", "background", options.drift.background,
                 {{"fix", DriftOptions::Background::Fix},
                  {"look", DriftOptions::Background::Look},
                  {"off", DriftOptions::Background::Off}}),
          whole_seconds("drift", "every", options.drift.every),
          whole_seconds("census", "every", settings.census_every, Never::IsZero),
          path("content", "directory", "\"examples/site\"", options.content_directory),
          choice("content", "when_lost", options.when_lost,
                 {{"restore", WhenLost::Restore}, {"alarm", WhenLost::Alarm}}),
          whole_seconds("content", "verify_every", options.verify_every, Never::IsZero),
          choice("content", "when_missing", options.when_missing,
                 {{"restore", WhenLost::Restore}, {"alarm", WhenLost::Alarm}}),
          listen(settings.http_listen),
          hosts(settings.http_hosts),
          log_level(settings.log_level)};
}

const Setting& setting_named(const std::vector<Setting>& list, std::string_view name) {
  for (const auto& setting : list) {
    if (setting.name() == name) return setting;
  }
  std::abort();
}

void apply_setting(const Setting& setting, const std::string& text, const Place& place,
                   Settings& settings, SettingsErrors& errors) {
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  // The text itself is not shown: it may be a URL with a password.
  const Status set = has_control
                         ? make_error(ErrorKind::InvalidInput, "has control characters in it")
                         : setting.set(text);
  settings.places[setting.name()] = place.text;
  if (set) return;
  errors.refused.insert(setting.name());
  errors.add(place.text, place.is_name
                             ? set.error().message
                             : fmt::format("{}: {}", setting.name(), set.error().message));
}

std::string exact_duration(milliseconds duration) {
  const auto ms = duration.count();
  if (ms % 1000 != 0) return fmt::format("{}ms", ms);
  const auto s = ms / 1000;
  if (s == 0 || s % 60 != 0) return fmt::format("{}s", s);
  if (s % 3600 != 0) return fmt::format("{}m", s / 60);
  return s % 86400 != 0 ? fmt::format("{}h", s / 3600) : fmt::format("{}d", s / 86400);
}

std::string exact_bytes(std::int64_t bytes) {
  if (bytes == 0) return "0";
  static constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes % 1024 == 0 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kUnits[unit]);
}

Result<seconds> parse_whole_seconds(const std::string& text) {
  const auto parsed = sizes::parse_duration(text);
  if (!parsed) return parsed.error();
  const auto whole = std::chrono::duration_cast<seconds>(*parsed);
  if (whole.count() == 0 || whole != *parsed) {
    return refused(text, "must be a whole number of seconds, at least 1s");
  }
  return whole;
}

}  // namespace redkeep::app
