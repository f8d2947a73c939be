#include "app/history_summary.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace redkeep::app {
namespace {

using guard::LedgerEntry;
using guard::LedgerKind;
using std::chrono::milliseconds;

// A level that holds longer stands for itself.
constexpr std::chrono::minutes kRestless{30};
// So many levels in a row can be read one by one, and of more, so many of the newest.
constexpr std::size_t kMostLevelsApart = 12;
constexpr std::size_t kNewestLevelsApart = 3;

bool is_notice(const LedgerEntry& entry, std::string_view subject) {
  return entry.kind == LedgerKind::Notice && entry.subject == subject;
}

// The host's clock may have been set back between two entries.
milliseconds from_to(WallTime begin, WallTime end) {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(end - begin));
}

// For each entry that is a level change, until when the level held; for all others, its own time.
std::vector<WallTime> level_ends(const std::vector<LedgerEntry>& entries, WallTime to) {
  std::vector<WallTime> ends;
  ends.reserve(entries.size());
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LedgerEntry& entry = entries[i];
    ends.push_back(entry.when);
    const bool starts = is_notice(entry, guard::kGuardStarts);
    if (!starts && entry.kind != LedgerKind::LevelChange && !is_notice(entry, guard::kGuardEnds)) {
      continue;
    }
    // A guard that starts after a kill does not know until when the one before it had lived: its
    // last entry is the last that is certain.
    if (open) ends[*open] = starts ? entries[i - 1].when : entry.when;
    open.reset();
    if (entry.kind == LedgerKind::LevelChange) open = i;
  }
  if (open) ends[*open] = to;
  return ends;
}

void count_entry(const LedgerEntry& entry, HistorySummary& summary) {
  ++summary.entries;
  if (entry.subject == "server-eviction" && entry.keys > 0) {
    ++summary.evictions;
    summary.evicted_keys += entry.keys;
  }
  switch (entry.kind) {
    case LedgerKind::Shed: {
      ShedUse& use = summary.shed[entry.subject];
      use.keys += entry.keys;
      use.bytes += entry.bytes;
      break;
    }
    case LedgerKind::Alarm: ++summary.alarms[entry.subject]; break;
    case LedgerKind::Restore: ++summary.restores; break;
    case LedgerKind::LevelChange: ++summary.levels[entry.subject].times; break;
    case LedgerKind::Notice:
      if (entry.subject == guard::kGuardStarts) ++summary.guard_starts;
      break;
  }
}

// Lines of one stretch of time, in the order of their first entries.
class Fold {
 public:
  explicit Fold(std::vector<HistoryLine>& lines) : lines_(lines) {}

  void add(const LedgerEntry& entry, milliseconds lasted) {
    const bool by_reason = entry.kind == LedgerKind::Notice;
    const auto [at, is_new] = known_.try_emplace(
        Key{entry.kind, entry.subject, entry.outcome, by_reason ? entry.reason : ""},
        lines_.size());
    if (is_new) {
      lines_.push_back({entry, 1, entry.when, lasted});
      return;
    }
    HistoryLine& line = lines_[at->second];
    ++line.count;
    line.last = entry.when;
    line.lasted += lasted;
    line.entry.keys += entry.keys;
    line.entry.bytes += entry.bytes;
    line.entry.usage_after_pct = entry.usage_after_pct;
    if (entry.kind == LedgerKind::Alarm) line.entry.reason = entry.reason;
  }

 private:
  using Key = std::tuple<LedgerKind, std::string, std::string, std::string>;
  std::vector<HistoryLine>& lines_;
  std::map<Key, std::size_t> known_;
};

// A level, or a guard's start, and what belongs to it: entries [begin, end).
struct Stretch {
  std::size_t begin;
  std::size_t end;
};

std::vector<Stretch> stretches(const std::vector<LedgerEntry>& entries, std::size_t first) {
  std::vector<Stretch> found;
  for (std::size_t i = first; i < entries.size(); ++i) {
    const bool begins =
        entries[i].kind == LedgerKind::LevelChange || is_notice(entries[i], guard::kGuardStarts);
    if (found.empty() || begins) found.push_back({i, i});
    found.back().end = i + 1;
  }
  return found;
}

// Joins the stretches of restless times.
std::vector<Stretch> joined(const std::vector<Stretch>& all,
                            const std::vector<LedgerEntry>& entries) {
  std::vector<Stretch> out;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i + 1;  // of the row of stretches that follow each other closely
    while (end < all.size() &&
           from_to(entries[all[end - 1].begin].when, entries[all[end].begin].when) < kRestless) {
      ++end;
    }
    if (end - i > kMostLevelsApart) {
      const std::size_t newest = end - kNewestLevelsApart;
      out.push_back({all[i].begin, all[newest - 1].end});
      i = newest;
    }
    for (; i < end; ++i) out.push_back(all[i]);
  }
  return out;
}

}  // namespace

History history_of(const std::vector<LedgerEntry>& entries, WallTime from, WallTime to) {
  History history;
  const auto ends = level_ends(entries, to);
  // The first one after `from`, and all that follow it, whatever the clock did then.
  const auto shown = std::find_if(entries.begin(), entries.end(),
                                  [&](const LedgerEntry& entry) { return entry.when >= from; });
  const auto first = static_cast<std::size_t>(shown - entries.begin());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LedgerEntry& entry = entries[i];
    if (i >= first) count_entry(entry, history.summary);
    if (entry.kind != LedgerKind::LevelChange) continue;
    const auto lasted = from_to(std::max(entry.when, from), ends[i]);
    if (lasted.count() > 0) history.summary.levels[entry.subject].lasted += lasted;
  }
  for (const auto& stretch : joined(stretches(entries, first), entries)) {
    Fold fold(history.lines);
    for (std::size_t i = stretch.begin; i < stretch.end; ++i) {
      fold.add(entries[i], from_to(entries[i].when, ends[i]));
    }
  }
  return history;
}

}  // namespace redkeep::app
