#pragma once
// The ledger: everything that was noticed and done, with the reason. Bounded: the oldest entries
// go. Only the io thread uses it. Where it is kept in a directory too, it survives restarts.
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::guard {

class LedgerWriter;

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
  explicit Ledger(std::size_t max_entries = 10'000);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Takes over what the directory's ledger file holds, goes on with its numbers, and from here on
  /// writes every entry there as well: see LedgerWriter for what happens where that cannot be done.
  /// To be called before the first entry is added, which begin() is then called for. Reading takes
  /// up to some 0.2 s, for 16 MiB.
  void keep_in(const std::string& directory);
  /// The first entry of a guard's life, and the last: whoever reads them, in ledger or log, need
  /// not take the end for a failure.
  void begin();
  void end();

  /// Numbers the entry, keeps it and writes it to the log.
  void add(LedgerEntry entry);
  /// The same, for an entry without keys and bytes.
  void add(LedgerKind kind, std::string subject, std::string reason);

  /// The newest entries, newest first.
  std::vector<LedgerEntry> newest(std::size_t count) const;
  std::uint64_t total() const { return next_number_ - 1; }

 private:
  void remember(LedgerEntry entry);

  std::size_t max_entries_;
  std::uint64_t next_number_ = 1;
  std::deque<LedgerEntry> entries_;
  std::unique_ptr<LedgerWriter> writer_;  // none: in memory only
};

/// The subjects of the first and the last entry of a guard's life.
inline constexpr std::string_view kGuardStarts = "guard-start";
inline constexpr std::string_view kGuardEnds = "guard-end";

/// "level-change", "shed", "restore", "alarm", "notice".
std::string_view to_string(LedgerKind kind);

}  // namespace redkeep::guard
