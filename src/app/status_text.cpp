#include "app/status_text.h"

#include <fmt/format.h>

#include <iterator>

#include "pressure/forecast.h"
#include "sizes/sizes.h"

namespace redkeep::app {

namespace {

// " of 40.0 MiB (90.0 %)"; without a limit, how to set one.
std::string of_limit(const Statistics& statistics) {
  const MemoryUse& memory = statistics.memory;
  if (memory.limit_bytes > 0) {
    return fmt::format(" of {} ({})", sizes::print_bytes(memory.limit_bytes),
                       sizes::print_pct(memory.usage_pct));
  }
  const std::string unlimited = ", no limit known (set maxmemory, or [pressure] limit)";
  const std::int64_t machine_bytes = statistics.derived_limit_bytes;
  if (machine_bytes == 0) return unlimited;
  return unlimited + fmt::format("; of the machine's {} that is {}, which nothing goes by",
                                 sizes::print_bytes(machine_bytes),
                                 sizes::print_pct(100.0 * static_cast<double>(memory.used_bytes) /
                                                  static_cast<double>(machine_bytes)));
}

}  // namespace

std::string status_text(const Statistics& statistics,
                        const std::optional<guard::LeaseRecord>& lease) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "memory     {} used{}\n", sizes::print_bytes(statistics.memory.used_bytes),
                 of_limit(statistics));
  fmt::format_to(
      out, "level      {} ({})\n", to_string(statistics.level),
      statistics.level_from_guard ? "from the running guard" : "instantaneous, no guard");
  fmt::format_to(out, "lease      {}\n", lease ? guard::describe(*lease) : "held by nobody");
  if (statistics.forecast) {
    fmt::format_to(out, "forecast   used memory {}; protected data {}\n",
                   pressure::describe(statistics.forecast->total),
                   pressure::describe(statistics.forecast->protected_data));
  }
  fmt::format_to(out, "protected  {} keys\n", sizes::print_count(statistics.protected_keys()));
  fmt::format_to(out, "evictable  {} keys\n", sizes::print_count(statistics.evictable_keys()));
  fmt::format_to(out, "unclassified {} keys\n", sizes::print_count(statistics.unclassified_keys));
  fmt::format_to(out, "whole server {} keys with a TTL, {} without\n",
                 sizes::print_count(statistics.keys_with_ttl),
                 sizes::print_count(statistics.keys_without_ttl));
  return text;
}

}  // namespace redkeep::app
