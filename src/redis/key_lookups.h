#pragma once
// How often applications found what they asked for. A server counts as a hit or a miss not only
// what reads a key but also what only looks at it (TYPE, PTTL, OBJECT, EXISTS): a census, an audit
// or a plan would raise the ratio that it tells of. Pure.
#include <cstdint>
#include <optional>

#include "redis/server_info.h"

namespace redkeep::redis {

/// A server's counters since its start or the last CONFIG RESETSTAT.
struct KeyLookups {
  std::int64_t hits = 0;    ///< keyspace_hits: found, by anybody and for anything.
  std::int64_t misses = 0;  ///< keyspace_misses.
  std::int64_t looks = 0;   ///< Calls of commands that only look at a key, found or not.
};

/// Out of `INFO stats` and `INFO commandstats`, one text behind the other. A counter that is not
/// there counts as 0.
KeyLookups read_key_lookups(const ServerInfo& info);

/// What was added since `before`; nothing where a counter went back.
std::optional<KeyLookups> lookups_between(const KeyLookups& before, const KeyLookups& now);

struct ApplicationLookups {
  std::int64_t hits = 0;
  std::int64_t misses = 0;

  /// 0 to 1; nothing where nothing was looked up.
  std::optional<double> hit_ratio() const;
};

/// Without the looks. Whether a look found its key is not counted: they are taken off the hits,
/// since who looks at keys got their names from SCAN; where there are more looks than hits, the
/// others were misses. A look at several keys at once (EXISTS) is taken for one, and the
/// applications' own looks are taken off as well.
ApplicationLookups lookups_of_applications(const KeyLookups& lookups);

}  // namespace redkeep::redis
