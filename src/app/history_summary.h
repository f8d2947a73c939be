#pragma once
// A ledger as a person reads it: how long each level held, what was shed in all, and the entries
// folded so that a night of flood fits a screen. Pure.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "guard/ledger.h"

namespace redkeep::app {

using WallTime = std::chrono::system_clock::time_point;

/// One entry, or several that say the same.
struct HistoryLine {
  /// The first of them. Keys and bytes are sums, usage is that before the first and after the last;
  /// of alarms and notices the reason is the last one's.
  guard::LedgerEntry entry;
  std::int64_t count = 1;
  WallTime last;                        ///< When the last of them was.
  std::chrono::milliseconds lasted{0};  ///< Of level changes: how long the level held, in all.
};

struct LevelUse {
  std::int64_t times = 0;  ///< How often it was entered.
  std::chrono::milliseconds lasted{0};
};

struct ShedUse {
  std::int64_t keys = 0;
  std::int64_t bytes = 0;
};

struct HistorySummary {
  std::int64_t entries = 0;
  std::map<std::string, LevelUse> levels;
  std::map<std::string, ShedUse> shed;         ///< By class.
  std::map<std::string, std::int64_t> alarms;  ///< By subject.
  std::int64_t restores = 0;                   ///< Uses of the content directory.
  std::int64_t evictions = 0;     ///< Entries that tell of evictions by the server itself.
  std::int64_t evicted_keys = 0;  ///< The keys that they name; between alarms there may be more.
  std::int64_t guard_starts = 0;
};

struct History {
  HistorySummary summary;
  std::vector<HistoryLine> lines;  ///< Oldest first.
};

/// What happened from `from` on. `entries` is the whole ledger, oldest first: the level at `from`
/// may be one that was entered before. `to` is when the last level ends: now while a guard runs,
/// else the time of the last entry; a guard that was killed is not taken to have held its level.
///
/// Within one level, entries of the same kind and subject (and outcome, where they have one; for
/// notices, with the same reason) are one line. So are whole levels, all but the newest, where
/// more than twelve follow each other within half an hour each.
History history_of(const std::vector<guard::LedgerEntry>& entries, WallTime from, WallTime to);

}  // namespace redkeep::app
