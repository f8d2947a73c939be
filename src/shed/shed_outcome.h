#pragma once
// What shedding did, with a name for how it ended.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/result.h"

namespace redkeep::shed {

enum class ShedEnd {
  TargetReached,  ///< Usage is at or below where the last step stops.
  NothingLeft,    ///< No key of the classes asked for is left that may go.
  BudgetSpent,  ///< The time or number of keys allowed was used up; more is left. Of a guard it is
                ///< mostly the half second of a tick, and the next tick goes on.
  NotAllowed,   ///< The server is a replica, or refuses the command.
  Stopped,      ///< Stopped on request.
  LeaseLost,    ///< Another guard may act by now, so this one no longer does.
  BrokenOff,    ///< The connection or the server failed on the way; `failure` says how.
};

struct ClassShed {
  std::string name;
  std::int64_t keys = 0;
  /// MEMORY USAGE of the keys before they went; where that is refused, what used_memory fell by.
  std::int64_t bytes = 0;
  std::int64_t became_persistent = 0;  ///< Lost their TTL between the scan and the deletion: kept.
  std::int64_t gone_before = 0;        ///< Were gone when their turn came.
  std::int64_t too_big = 0;            ///< Left: a big collection would be freed in the foreground.
  std::int64_t type_unknown = 0;       ///< Left: TYPE is refused, so it may be such a collection.
  /// Of the run's time, that in which its keys were looked for and went.
  std::chrono::nanoseconds took{0};
};

struct ShedOutcome {
  ShedEnd end = ShedEnd::TargetReached;
  std::vector<ClassShed> classes;  ///< Those of which at least one key was considered.
  std::int64_t used_before_bytes = 0;
  /// As measured, where a person asked for it after the server's background thread has freed what
  /// it was handed (30 s are waited for that at most); in a dry run, as reckoned.
  std::int64_t used_after_bytes = 0;
  std::chrono::milliseconds took{0};
  bool minute_budget_spent = false;  ///< Of BudgetSpent: ShedOptions::most_keys_per_minute.
  std::optional<Error> failure;      ///< Of BrokenOff and NotAllowed.

  std::int64_t keys() const {
    std::int64_t sum = 0;
    for (const auto& row : classes) sum += row.keys;
    return sum;
  }
  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const auto& row : classes) sum += row.bytes;
    return sum;
  }
};

/// The end's name, as written above.
std::string_view to_string(ShedEnd end);
/// What such a name means, to stand in brackets behind it. Empty for TargetReached, which says it,
/// and for what is no end of shedding.
std::string_view words_for(std::string_view end_name);
/// "NothingLeft (no key of these classes is left that may go)".
std::string name_with_words(std::string_view end_name);

}  // namespace redkeep::shed
