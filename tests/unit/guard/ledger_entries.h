#pragma once
// Entries for tests of the ledger.
#include <string>
#include <vector>

#include "guard/ledger_reader.h"

namespace redkeep::guard {

/// 2025-11-23T02:59:58.123Z
inline const std::chrono::system_clock::time_point kNight{
    std::chrono::milliseconds{1'763'866'798'123}};

inline LedgerEntry entry_of(std::uint64_t number, std::string reason = "why") {
  LedgerEntry entry;
  entry.number = number;
  entry.when = kNight + std::chrono::seconds{number};
  entry.kind = LedgerKind::Shed;
  entry.subject = "page_cache";
  entry.outcome = "TargetReached";
  entry.reason = std::move(reason);
  entry.keys = 1234;
  entry.bytes = 567'890;
  entry.usage_before_pct = 85.25;
  entry.usage_after_pct = 80;
  return entry;
}

/// The numbers of all entries in the directory's ledger, oldest first; none if there is no file.
inline std::vector<std::uint64_t> numbers_in(const std::string& directory) {
  std::vector<std::uint64_t> numbers;
  const TakeEntry take = [&numbers](std::string_view, const LedgerEntry& entry) {
    numbers.push_back(entry.number);
  };
  static_cast<void>(read_ledger(directory, take));
  return numbers;
}

}  // namespace redkeep::guard
