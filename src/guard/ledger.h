#pragma once
// The ledger: everything that was noticed and done, with the reason. Bounded: the oldest entries
// go. Only the io thread uses it.
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::guard {

enum class LedgerKind {
  LevelChange,  ///< The pressure level changed.
  Shed,         ///< Keys of one class were shed.
  Restore,      ///< Missing protected keys were written back from the content directory.
  Alarm,        ///< A condition that a person has to know of.
  Notice,  ///< Something noticed: evictions by the server, a changed limit or policy, a restart.
};

struct LedgerEntry {
  std::uint64_t number = 0;                    ///< Counts from 1, without gaps.
  std::chrono::system_clock::time_point when;  ///< Of this host, for people; never used to decide.
  LedgerKind kind = LedgerKind::Notice;
  std::string subject;  ///< The class, level or setting concerned.
  std::string outcome;  ///< The outcome's name, such as TargetReached.
  std::string reason;   ///< One sentence with the numbers that led to it.
  std::int64_t keys = 0;
  std::int64_t bytes = 0;
  double usage_before_pct = 0;
  double usage_after_pct = 0;
};

class Ledger {
 public:
  explicit Ledger(std::size_t max_entries = 10'000) : max_entries_(max_entries) {}

  /// Numbers the entry, keeps it and writes it to the log.
  void add(LedgerEntry entry);
  /// The same, for an entry without keys and bytes.
  void add(LedgerKind kind, std::string subject, std::string reason);

  /// The newest entries, newest first.
  std::vector<LedgerEntry> newest(std::size_t count) const;
  std::uint64_t total() const { return next_number_ - 1; }

 private:
  std::size_t max_entries_;
  std::uint64_t next_number_ = 1;
  std::deque<LedgerEntry> entries_;
};

/// "level-change", "shed", "restore", "alarm", "notice".
std::string_view to_string(LedgerKind kind);

}  // namespace redkeep::guard
