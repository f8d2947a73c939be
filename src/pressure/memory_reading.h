#pragma once
// One reading of the server's memory, out of INFO. Pure.
#include <cstdint>
#include <string>

#include "pressure/persistence.h"
#include "redis/server_info.h"
#include "redkeep/result.h"
#include "redkeep/statistics.h"

namespace redkeep::pressure {

/// So many bytes in percent of the limit; 0 where no limit is known.
inline double pct_of_limit(std::int64_t bytes, std::int64_t limit_bytes) {
  return limit_bytes > 0 ? 100.0 * static_cast<double>(bytes) / static_cast<double>(limit_bytes)
                         : 0.0;
}

/// The bytes at which a mark in percent of the limit lies.
inline std::int64_t bytes_at_mark(double pct, std::int64_t limit_bytes) {
  return static_cast<std::int64_t>(pct / 100.0 * static_cast<double>(limit_bytes));
}

struct MemoryReading {
  std::int64_t used_bytes = 0;   ///< used_memory - mem_not_counted_for_evict, as eviction counts.
  std::int64_t limit_bytes = 0;  ///< maxmemory; without one the configured limit; 0: none known.
  /// Where no limit is known, what one could be derived from: the memory of the server's machine.
  /// For showing, never acted on; 0 where a limit is known or the server does not say it.
  std::int64_t derived_limit_bytes = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t lazyfree_pending = 0;  ///< Objects that wait to be freed in the background.
  std::int64_t evicted_keys = 0;
  std::int64_t expired_keys = 0;
  std::string eviction_policy;  ///< Fit to be shown. Empty: unknown.
  std::string run_id;           ///< Empty where the INFO section was not asked for.
  bool is_replica = false;      ///< Its keys are its master's.
  redis::KeyspaceCounts keyspace;
  Persistence persistence;  ///< Fine where the INFO section was not asked for.

  /// 0 where no limit is known.
  double usage_pct() const { return pct_of_limit(used_bytes, limit_bytes); }
  MemoryUse use() const { return MemoryUse{used_bytes, limit_bytes, usage_pct()}; }
};

/// Fails with Protocol if there is no used_memory, with ServerBusy while the server is loading.
Result<MemoryReading> read_memory(const redis::ServerInfo& info,
                                  std::int64_t configured_limit_bytes, int database);

}  // namespace redkeep::pressure
