#pragma once
// What is in the server, by class, and how full it is.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/forecast.h"
#include "redkeep/key_class.h"

namespace redkeep {

/// How near the memory is to its limit. Blind: no reading could be had, so nothing is done.
enum class PressureLevel { Normal, Warning, Critical, Blind };

struct ClassUse {
  std::string name;
  KeyLevel level = KeyLevel::Protected;
  std::int64_t keys = 0;
  /// Sum of MEMORY USAGE with the server's default samples: comparable within one server only.
  /// Nothing where the server does not permit MEMORY USAGE.
  std::optional<std::int64_t> bytes;
};

/// How full the server is. usage_pct is 0 where no limit is known (limit_bytes 0).
struct MemoryUse {
  std::int64_t used_bytes = 0;   ///< used_memory - mem_not_counted_for_evict.
  std::int64_t limit_bytes = 0;  ///< maxmemory, or the configured limit where the server has none.
  double usage_pct = 0;
};

struct Statistics {
  MemoryUse memory;
  PressureLevel level = PressureLevel::Normal;
  /// True where the level is that of a running guard, false where it was judged from one reading.
  bool level_from_guard = false;
  std::int64_t keys_with_ttl = 0;     ///< The server's own counter, all applications.
  std::int64_t keys_without_ttl = 0;  ///< The server's own counter, all applications.
  std::vector<ClassUse> classes;      ///< In the configured order, empty classes included.
  std::int64_t unclassified_keys = 0;
  /// Where no limit is known (memory.limit_bytes 0), the memory of the server's machine: shown, and
  /// never acted on. 0 otherwise, or where the server does not say it (total_system_memory).
  std::int64_t derived_limit_bytes = 0;
  std::optional<Forecast> forecast;  ///< Of the running guard; nothing where there is none.
  /// Kinds of the alarms that are open with the running guard; nothing where there is none.
  std::optional<std::vector<std::string>> alarms;

  std::int64_t protected_keys() const;  ///< Of protected and rebuildable classes.
  std::int64_t evictable_keys() const;
};

/// One JSON object: total_memory_mb, max_memory_mb, usage_percent, protected_keys, evictable_keys,
/// breakdown{ucg_entities, ucg_associations, search_index, page_cache, sessions, other_cache}
/// (counts of keys), and level, level_source, limit_bytes, used_bytes, keys_with_ttl,
/// keys_without_ttl, classes[{name, level, keys, bytes}], unclassified_keys,
/// derived_limit_bytes, forecast{total, protected}, each {outlook, growth_bytes_per_hour,
/// warning_in_seconds, limit_in_seconds, observed_seconds}, alarms[{kind}]. Megabytes are of
/// 1,048,576 bytes.
std::string to_json(const Statistics& statistics);

/// "protected", "rebuildable", "evictable".
std::string_view to_string(KeyLevel level);
/// "normal", "warning", "critical", "blind".
std::string_view to_string(PressureLevel level);

}  // namespace redkeep
