#include "app/status_text.h"

#include <fmt/format.h>

#include <iterator>

#include "app/shell_words.h"
#include "error/error.h"
#include "pressure/forecast.h"
#include "sizes/print_json.h"
#include "sizes/sizes.h"

namespace redkeep::app {

using Lease = Result<std::optional<guard::LeaseRecord>>;

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

std::string level_source(const Statistics& statistics, const Lease& lease) {
  if (statistics.level_from_guard) return "from the running guard";
  return lease ? "instantaneous, no guard" : "instantaneous; whether a guard runs is not known";
}

std::string lease_text(const Lease& lease) {
  if (!lease) return "not known: " + lease.error().message;
  return *lease ? guard::describe(**lease) : "held by nobody";
}

// What a guard tells in Redis are kinds; the sentences are its own.
std::string alarms_text(const std::vector<std::string>& alarms) {
  if (alarms.empty()) return "none";
  std::string names;
  for (const auto& name : alarms) names += (names.empty() ? "" : ", ") + name;
  return names + " (`redkeep history` and the guard's /api/v1/status say since when and why)";
}

}  // namespace

std::string status_text(const Statistics& statistics, const Lease& lease) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "memory     {} used{}\n", sizes::print_bytes(statistics.memory.used_bytes),
                 of_limit(statistics));
  fmt::format_to(out, "level      {} ({})\n", to_string(statistics.level),
                 level_source(statistics, lease));
  fmt::format_to(out, "lease      {}\n", lease_text(lease));
  if (statistics.alarms) fmt::format_to(out, "alarms     {}\n", alarms_text(*statistics.alarms));
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

std::string cut_load_text(const std::optional<std::string>& load_mark) {
  if (!load_mark) return {};
  return fmt::format(
      "load       of {0} was cut, or is under way: where none is, `redkeep load {0} --merge` "
      "finishes it\n",
      shell_word(*load_mark));
}

std::string status_json(const Statistics& statistics, const std::optional<std::string>& load_mark) {
  std::string json = to_json(statistics);
  json.pop_back();  // the closing brace
  const boost::json::value shown =
      load_mark ? boost::json::value(printable(*load_mark, 4096)) : boost::json::value();
  return json + ",\"cut_load\":" + sizes::print_json(shown) + '}';
}

}  // namespace redkeep::app
