#include "redis/server_info.h"

#include <fmt/format.h>

#include <charconv>

#include "error/error.h"

namespace redkeep::redis {
namespace {

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value of `name=` in "keys=10,expires=3,avg_ttl=0".
std::int64_t part(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto item = list.substr(0, comma);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=') {
      return parse_whole<std::int64_t>(item.substr(name.size() + 1)).value_or(0);
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return 0;
}

}  // namespace

ServerInfo ServerInfo::parse(std::string_view text) {
  ServerInfo info;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) continue;
    info.fields_.insert_or_assign(std::string(line.substr(0, colon)),
                                  printable(line.substr(colon + 1)));
  }
  return info;
}

std::optional<std::string_view> ServerInfo::text(std::string_view field) const {
  const auto found = fields_.find(field);
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> ServerInfo::count(std::string_view field) const {
  const auto value = text(field);
  if (!value) return std::nullopt;
  const auto whole = parse_whole<std::int64_t>(*value);
  return whole && *whole >= 0 ? whole : std::nullopt;
}

std::optional<double> ServerInfo::number(std::string_view field) const {
  const auto value = text(field);
  return value ? parse_whole<double>(*value) : std::nullopt;
}

std::string ServerInfo::product() const {
  // Valkey and Dragonfly keep redis_version at the version they are compatible with.
  if (const auto version = text("valkey_version")) return fmt::format("Valkey {}", *version);
  if (const auto version = text("dragonfly_version")) return fmt::format("Dragonfly {}", *version);
  return fmt::format("Redis {}", text("redis_version").value_or("(version unknown)"));
}

Status require_loaded(const ServerInfo& info) {
  if (info.count("loading").value_or(0) != 1) return {};
  return make_error(ErrorKind::ServerBusy,
                    "the server is loading its data ({} s left): ask again later",
                    info.text("loading_eta_seconds").value_or("unknown"));
}

KeyspaceCounts keyspace_counts(const ServerInfo& info, int database) {
  const auto list = info.text(fmt::format("db{}", database)).value_or("");
  return KeyspaceCounts{part(list, "keys"), part(list, "expires")};
}

}  // namespace redkeep::redis
