#include "redis/key_lookups.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace redkeep::redis {
namespace {

// What raises keyspace_hits or keyspace_misses in Redis 7.0 (tried one by one; MEMORY USAGE and
// PEXPIRE raise neither) and what programs that look through a server ask: redkeep itself, the bulk
// options of redis-cli, exporters. SSCAN is how an audit and a verify read sets; the library does
// not. Servers before Redis 7 count OBJECT as a whole.
constexpr std::array<std::string_view, 16> kLooks{"cmdstat_type",
                                                  "cmdstat_ttl",
                                                  "cmdstat_pttl",
                                                  "cmdstat_expiretime",
                                                  "cmdstat_pexpiretime",
                                                  "cmdstat_httl",
                                                  "cmdstat_hpttl",
                                                  "cmdstat_exists",
                                                  "cmdstat_object",
                                                  "cmdstat_object|freq",
                                                  "cmdstat_object|idletime",
                                                  "cmdstat_object|encoding",
                                                  "cmdstat_object|refcount",
                                                  "cmdstat_sscan",
                                                  "cmdstat_hexpiretime",
                                                  "cmdstat_hpexpiretime"};

// "calls=3,usec=17,usec_per_call=5.67,rejected_calls=0,failed_calls=0" -> 3
std::int64_t calls_of(std::string_view stats) {
  constexpr std::string_view kName = "calls=";
  std::int64_t calls = 0;
  if (stats.starts_with(kName)) {
    std::from_chars(stats.data() + kName.size(), stats.data() + stats.size(), calls);
  }
  return std::max<std::int64_t>(0, calls);
}

}  // namespace

KeyLookups read_key_lookups(const ServerInfo& info) {
  KeyLookups lookups;
  lookups.hits = info.count("keyspace_hits").value_or(0);
  lookups.misses = info.count("keyspace_misses").value_or(0);
  for (const auto name : kLooks) lookups.looks += calls_of(info.text(name).value_or(""));
  return lookups;
}

std::optional<KeyLookups> lookups_between(const KeyLookups& before, const KeyLookups& now) {
  const KeyLookups added{now.hits - before.hits, now.misses - before.misses,
                         now.looks - before.looks};
  if (added.hits < 0 || added.misses < 0 || added.looks < 0) return std::nullopt;
  return added;
}

std::optional<double> ApplicationLookups::hit_ratio() const {
  if (hits + misses <= 0) return std::nullopt;
  return static_cast<double>(hits) / static_cast<double>(hits + misses);
}

ApplicationLookups lookups_of_applications(const KeyLookups& lookups) {
  const std::int64_t missed_looks = std::max<std::int64_t>(0, lookups.looks - lookups.hits);
  return {std::max<std::int64_t>(0, lookups.hits - lookups.looks),
          std::max<std::int64_t>(0, lookups.misses - missed_looks)};
}

}  // namespace redkeep::redis
