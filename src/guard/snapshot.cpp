#include "guard/snapshot.h"

#include <algorithm>

namespace redkeep::guard {

std::vector<std::string> alarm_kinds(const Snapshot& snapshot) {
  std::vector<std::string> kinds;
  for (const OpenAlarm& alarm : snapshot.open_alarms) kinds.push_back(alarm.kind);
  return kinds;
}

Statistics current_statistics(const Snapshot& snapshot) {
  Statistics statistics = snapshot.census.value_or(Statistics{});
  statistics.memory = snapshot.memory;
  statistics.derived_limit_bytes = snapshot.derived_limit_bytes;
  statistics.level = snapshot.level;
  statistics.level_from_guard = true;
  statistics.keys_with_ttl = snapshot.keys_with_ttl;
  statistics.keys_without_ttl = snapshot.keys_without_ttl;
  statistics.forecast = snapshot.forecast;
  statistics.alarms = alarm_kinds(snapshot);
  return statistics;
}

std::vector<ClassUse> least_sizes(const Snapshot& snapshot) {
  std::vector<ClassUse> sizes;
  if (snapshot.census) sizes = snapshot.census->classes;
  for (ClassUse& use : sizes) {
    const auto shed = snapshot.shed.find(use.name);
    if (!use.bytes || shed == snapshot.shed.end()) continue;
    const auto before = snapshot.shed_before_census.find(use.name);
    const auto before_bytes =
        before == snapshot.shed_before_census.end() ? 0 : before->second.bytes;
    use.bytes = std::max<std::int64_t>(0, *use.bytes - (shed->second.bytes - before_bytes));
  }
  return sizes;
}

}  // namespace redkeep::guard
