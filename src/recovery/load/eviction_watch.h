#pragma once
// What a server does with a content that does not fit: one with an allkeys-* policy throws keys out
// that nobody may lose, and says nothing to who writes them; others refuse when half of it is
// there. So a load asks before and after.
#include <cstdint>
#include <optional>

#include "pressure/memory_reading.h"
#include "redis/connection.h"
#include "redis/server_info.h"

namespace redkeep::recovery {

class EvictionWatch {
 public:
  /// Nothing is known, and nothing refused: INFO is not permitted here.
  EvictionWatch() = default;
  /// `info` is from before the first write. Pure, as all but look_again().
  explicit EvictionWatch(const redis::ServerInfo& info);

  /// Refused if the server may evict any key and this does not fit below its limit beside what is
  /// there, and if it is more than require_possible() allows.
  Status require_room(std::int64_t needed_bytes) const;
  /// Refused if this, which is what the content takes at the least, is more than the whole limit:
  /// no policy and no shedding makes room for it.
  Status require_possible(std::int64_t needed_bytes) const;

  /// Fails with OutOfMemory if the server may evict any key and did so since, as `info` says.
  Status require_nothing_evicted(const redis::ServerInfo& info) const;

  /// The same, asked over this connection, on which nothing is outstanding. Where INFO is refused
  /// nothing is known.
  redis::awaitable<Status> look_again(redis::Connection& connection) const;

 private:
  bool evicts_any_key() const;

  std::optional<pressure::MemoryReading> before_;
};

}  // namespace redkeep::recovery
