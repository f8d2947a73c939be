#include "guard/shed_log.h"

#include <fmt/format.h>

#include <utility>

#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {
constexpr std::chrono::milliseconds kEvery{1000};
}  // namespace

void ShedLog::add(const shed::ClassShed& row, shed::ShedEnd end, const std::string& reason,
                  double usage_before_pct, double usage_after_pct) {
  Sum& sum = sums_[{row.name, std::string(shed::to_string(end))}];
  if (!std::exchange(sum.is_open, true)) {
    sum.began_as = ++opened_;
    sum.row = row;
    sum.reason = reason;
    sum.usage_before_pct = usage_before_pct;
  } else {
    sum.row.keys += row.keys;
    sum.row.bytes += row.bytes;
    sum.row.became_persistent += row.became_persistent;
    sum.row.too_big += row.too_big;
    sum.row.type_unknown += row.type_unknown;
  }
  sum.usage_after_pct = usage_after_pct;
}

std::vector<LedgerEntry> ShedLog::take_due(TimePoint now) { return take(now, kEvery); }

std::vector<LedgerEntry> ShedLog::take_all(TimePoint now) {
  return take(now, std::chrono::milliseconds{0});
}

std::vector<LedgerEntry> ShedLog::take(TimePoint now, std::chrono::milliseconds least_age) {
  std::map<std::uint64_t, decltype(sums_)::iterator> open;  // in order
  for (auto at = sums_.begin(); at != sums_.end(); ++at) {
    if (at->second.is_open) open.emplace(at->second.began_as, at);
  }
  std::vector<LedgerEntry> taken;
  for (const auto& [began_as, at] : open) {
    Sum& sum = at->second;
    if (sum.told && now - *sum.told < least_age) break;  // none overtakes it
    taken.push_back(entry_of(at->first.second, sum));
    sum = Sum{};
    sum.told = now;
  }
  return taken;
}

LedgerEntry ShedLog::entry_of(const std::string& outcome, const Sum& sum) {
  LedgerEntry entry;
  entry.kind = LedgerKind::Shed;
  entry.subject = sum.row.name;
  entry.outcome = outcome;
  entry.reason = sum.reason;
  if (sum.row.became_persistent > 0) {
    entry.reason += fmt::format("; {} had lost {} TTL and {} kept",
                                sizes::print_counted(sum.row.became_persistent, "key"),
                                sizes::by_count(sum.row.became_persistent, "its", "their"),
                                sizes::by_count(sum.row.became_persistent, "was", "were"));
  }
  if (sum.row.too_big > 0) {
    entry.reason +=
        fmt::format("; {} {} left", sizes::print_counted(sum.row.too_big, "big collection"),
                    sizes::by_count(sum.row.too_big, "was", "were"));
  }
  if (sum.row.type_unknown > 0) {
    entry.reason += fmt::format("; {} {} left, since TYPE is refused",
                                sizes::print_counted(sum.row.type_unknown, "key"),
                                sizes::by_count(sum.row.type_unknown, "was", "were"));
  }
  entry.keys = sum.row.keys;
  entry.bytes = sum.row.bytes;
  entry.usage_before_pct = sum.usage_before_pct;
  entry.usage_after_pct = sum.usage_after_pct;
  return entry;
}

}  // namespace redkeep::guard
