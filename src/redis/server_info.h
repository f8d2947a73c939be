#pragma once
// INFO as a map of optional fields. Servers differ: unknown fields are kept, missing ones are
// normal, and a field may hold -1 or text where another server has a number. Pure.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::redis {

class ServerInfo {
 public:
  ServerInfo() = default;

  /// Reads `field:value` lines; anything else is skipped. Values go into logs and pages, so they
  /// are kept as they may be shown (see printable).
  static ServerInfo parse(std::string_view text);

  std::optional<std::string_view> text(std::string_view field) const;
  /// Nothing if the field is missing, not a whole number, or negative.
  std::optional<std::int64_t> count(std::string_view field) const;
  std::optional<double> number(std::string_view field) const;

  /// "Redis 7.0.15", "Valkey 8.1.1", "Dragonfly df-v1.2": the name and version of the product,
  /// fit to be shown.
  std::string product() const;

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

/// Fails with ServerBusy while the server reads its data from the disk, and says how long that
/// takes.
Status require_loaded(const ServerInfo& info);

/// Keys of one database as INFO keyspace counts them (`db0:keys=10,expires=3,avg_ttl=0`).
struct KeyspaceCounts {
  std::int64_t keys = 0;
  std::int64_t with_ttl = 0;
};
KeyspaceCounts keyspace_counts(const ServerInfo& info, int database);

}  // namespace redkeep::redis
