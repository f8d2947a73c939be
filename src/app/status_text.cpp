#include "app/status_text.h"

#include <fmt/format.h>

#include <iterator>

#include "pressure/forecast.h"
#include "sizes/sizes.h"

namespace redkeep::app {

using Lease = Result<std::optional<guard::LeaseRecord>>;

namespace {

std::string level_source(const Statistics& statistics, const Lease& lease) {
  if (statistics.level_from_guard) return "from the running guard";
  return lease ? "instantaneous, no guard" : "instantaneous; whether a guard runs is not known";
}

std::string lease_text(const Lease& lease) {
  if (!lease) return "not known: " + lease.error().message;
  return *lease ? guard::describe(**lease) : "held by nobody";
}

}  // namespace

std::string status_text(const Statistics& statistics, const Lease& lease) {
  std::string text;
  const auto out = std::back_inserter(text);
  const MemoryUse& memory = statistics.memory;
  fmt::format_to(out, "memory     {} used{}\n", sizes::print_bytes(memory.used_bytes),
                 memory.limit_bytes > 0
                     ? fmt::format(" of {} ({})", sizes::print_bytes(memory.limit_bytes),
                                   sizes::print_pct(memory.usage_pct))
                     : ", no limit known (set maxmemory, or [pressure] limit)");
  fmt::format_to(out, "level      {} ({})\n", to_string(statistics.level),
                 level_source(statistics, lease));
  fmt::format_to(out, "lease      {}\n", lease_text(lease));
  if (statistics.forecast) {
    fmt::format_to(out, "forecast   used memory {}; protected data {}\n",
                   pressure::describe(statistics.forecast->total),
                   pressure::describe(statistics.forecast->protected_data));
  }
  std::int64_t rebuildable = 0;
  for (const auto& use : statistics.classes) {
    if (use.level == KeyLevel::Rebuildable) rebuildable += use.keys;
  }
  fmt::format_to(out, "protected  {}, of which {} can be rebuilt from the others\n",
                 sizes::print_counted(statistics.protected_keys(), "key"),
                 sizes::print_count(rebuildable));
  fmt::format_to(out, "evictable  {}\n", sizes::print_counted(statistics.evictable_keys(), "key"));
  fmt::format_to(out, "unclassified {}\n",
                 sizes::print_counted(statistics.unclassified_keys, "key"));
  fmt::format_to(out, "whole server {} with a TTL, {} without\n",
                 sizes::print_counted(statistics.keys_with_ttl, "key"),
                 sizes::print_count(statistics.keys_without_ttl));
  return text;
}

}  // namespace redkeep::app
