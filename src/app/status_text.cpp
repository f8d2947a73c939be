#include "app/status_text.h"

#include <fmt/format.h>

#include <iterator>

#include "pressure/forecast.h"
#include "sizes/sizes.h"

namespace redkeep::app {

std::string status_text(const Statistics& statistics,
                        const std::optional<guard::LeaseRecord>& lease) {
  std::string text;
  const auto out = std::back_inserter(text);
  const MemoryUse& memory = statistics.memory;
  fmt::format_to(out, "memory     {} used{}\n", sizes::print_bytes(memory.used_bytes),
                 memory.limit_bytes > 0
                     ? fmt::format(" of {} ({})", sizes::print_bytes(memory.limit_bytes),
                                   sizes::print_pct(memory.usage_pct))
                     : ", no limit known (set maxmemory, or [pressure] limit)");
  fmt::format_to(
      out, "level      {} ({})\n", to_string(statistics.level),
      statistics.level_from_guard ? "from the running guard" : "instantaneous, no guard");
  fmt::format_to(out, "lease      {}\n", lease ? guard::describe(*lease) : "held by nobody");
  if (statistics.forecast) {
    fmt::format_to(out, "forecast   used memory {}; protected data {}\n",
                   pressure::describe(statistics.forecast->total),
                   pressure::describe(statistics.forecast->protected_data));
  }
  std::int64_t rebuildable = 0;
  for (const auto& use : statistics.classes) {
    if (use.level == KeyLevel::Rebuildable) rebuildable += use.keys;
  }
  fmt::format_to(out, "protected  {} keys, of which {} can be rebuilt from the others\n",
                 sizes::print_count(statistics.protected_keys()), sizes::print_count(rebuildable));
  fmt::format_to(out, "evictable  {} keys\n", sizes::print_count(statistics.evictable_keys()));
  fmt::format_to(out, "unclassified {} keys\n", sizes::print_count(statistics.unclassified_keys));
  fmt::format_to(out, "whole server {} keys with a TTL, {} without\n",
                 sizes::print_count(statistics.keys_with_ttl),
                 sizes::print_count(statistics.keys_without_ttl));
  return text;
}

}  // namespace redkeep::app
