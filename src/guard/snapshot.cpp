#include "guard/snapshot.h"

namespace redkeep::guard {

Statistics current_statistics(const Snapshot& snapshot) {
  Statistics statistics = snapshot.census.value_or(Statistics{});
  statistics.memory = snapshot.memory;
  statistics.derived_limit_bytes = snapshot.derived_limit_bytes;
  statistics.level = snapshot.level;
  statistics.level_from_guard = true;
  statistics.keys_with_ttl = snapshot.keys_with_ttl;
  statistics.keys_without_ttl = snapshot.keys_without_ttl;
  statistics.forecast = snapshot.forecast;
  return statistics;
}

}  // namespace redkeep::guard
