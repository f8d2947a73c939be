#include "app/history_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>

#include "error/error.h"
#include "redkeep/statistics.h"
#include "shed/shed_outcome.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

using guard::LedgerEntry;
using guard::LedgerKind;

constexpr std::size_t kMostReasonBytes = 400;

// Quotes of a sentence stay quotes: in a terminal they do no harm.
std::string shown(std::string_view text, std::size_t max_bytes = 200) {
  return boost::algorithm::replace_all_copy(printable(text, max_bytes), "\\x22", "\"");
}

std::tm local(WallTime time) { return fmt::localtime(std::chrono::system_clock::to_time_t(time)); }
std::string day_of(WallTime time) { return fmt::format("{:%A, %Y-%m-%d}", local(time)); }

std::string times(std::int64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", sizes::print_count(count));
}

// "02:59:58", or "02:59:58-03:10:00" where there were several.
std::string when_of(const HistoryLine& line) {
  const std::string first = fmt::format("{:%H:%M:%S}", local(line.entry.when));
  if (line.count == 1) return first;
  const bool same_day = day_of(line.entry.when) == day_of(line.last);
  return same_day ? fmt::format("{}-{:%H:%M:%S}", first, local(line.last))
                  : fmt::format("{} to {:%m-%d %H:%M:%S}", first, local(line.last));
}

// What was done, in numbers.
std::string numbers_of(const LedgerEntry& entry) {
  std::string text;
  if (entry.keys > 0 || entry.kind == LedgerKind::Shed) {
    text += fmt::format(" {}", sizes::print_counted(entry.keys, "key"));
    if (entry.bytes > 0) text += fmt::format(", {}", sizes::print_bytes(entry.bytes));
  }
  if (entry.usage_before_pct > 0) {
    text += fmt::format("{} usage {} -> {}", text.empty() ? "" : ",",
                        sizes::print_pct(entry.usage_before_pct),
                        sizes::print_pct(entry.usage_after_pct));
  }
  if (!entry.outcome.empty()) {
    text +=
        fmt::format("{} {}", text.empty() ? "" : ",", shown(shed::name_with_words(entry.outcome)));
  }
  return text;
}

std::string what_of(const HistoryLine& line) {
  const LedgerEntry& entry = line.entry;
  std::string text = shown(entry.subject);
  if (line.count > 1) text += fmt::format(", {}", times(line.count));
  if (entry.kind == LedgerKind::LevelChange) {
    text += fmt::format("{} {}", line.count > 1 ? "," : " for", sizes::print_duration(line.lasted));
    if (line.count > 1) text += " in all; first";
  } else if (const std::string numbers = numbers_of(entry); !numbers.empty()) {
    text += ":" + numbers;
  }
  if (line.count > 1 && entry.kind == LedgerKind::Alarm) text += "; last";
  return fmt::format("{}: {}", text, shown(entry.reason, kMostReasonBytes));
}

std::string print_levels(const HistorySummary& summary) {
  std::string text;
  for (const auto level : {PressureLevel::Normal, PressureLevel::Warning, PressureLevel::Critical,
                           PressureLevel::Blind}) {
    const auto use = summary.levels.find(std::string(to_string(level)));
    if (use == summary.levels.end()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", use->first,
                        sizes::print_duration(use->second.lasted));
    if (use->second.times > 0) text += fmt::format(", entered {}", times(use->second.times));
  }
  return text.empty() ? "not known: no level was entered" : text;
}

std::string print_shed(const HistorySummary& summary) {
  std::string text;
  for (const auto& [name, use] : summary.shed) {
    text += fmt::format("{}{:<16} {:>19} {:>12}\n", text.empty() ? "" : "           ", shown(name),
                        sizes::print_counted(use.keys, "key"), sizes::print_bytes(use.bytes));
  }
  return text.empty() ? "nothing\n" : text;
}

std::string print_alarms(const HistorySummary& summary) {
  std::string text;
  for (const auto& [subject, count] : summary.alarms) {
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", shown(subject), times(count));
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::string print_local(WallTime time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S %Z}", local(time));
}

std::string print_summary(const HistorySummary& summary) {
  std::string text;
  text += fmt::format("levels     {}\n", print_levels(summary));
  text += fmt::format("shed       {}", print_shed(summary));
  text += fmt::format("alarms     {}\n", print_alarms(summary));
  text += fmt::format("evicted    {}\n",
                      summary.evictions == 0
                          ? "by the server itself: nothing that was noticed"
                          : fmt::format("by the server itself: at least {}, noticed {}",
                                        sizes::print_counted(summary.evicted_keys, "key"),
                                        times(summary.evictions)));
  if (summary.restores > 0) {
    text += fmt::format("content    the content directory was used {}\n", times(summary.restores));
  }
  if (summary.guard_starts > 0) {
    text += fmt::format("guard      started {}\n", times(summary.guard_starts));
  }
  return text;
}

std::string print_lines(const std::vector<HistoryLine>& lines) {
  std::string text;
  std::string day;
  for (const auto& line : lines) {
    if (day_of(line.entry.when) != day) {
      day = day_of(line.entry.when);
      text += fmt::format("\n{}\n", day);
    }
    text += fmt::format("{:<17}  {:<12}  {}\n", when_of(line), to_string(line.entry.kind),
                        what_of(line));
  }
  return text;
}

}  // namespace redkeep::app
