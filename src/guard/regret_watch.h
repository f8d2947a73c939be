#pragma once
// Looks, a minute later, whether what was shed is there again: one pipelined exchange a second of
// at most 64 commands, and none when nothing was shed.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guard/ledger.h"
#include "guard/snapshot.h"
#include "keys/class_table.h"
#include "redis/client.h"
#include "shed/regret.h"

namespace redkeep::guard {

class RegretWatch {
 public:
  using TimePoint = shed::RegretLog::TimePoint;

  /// All of them must outlive it.
  RegretWatch(const keys::ClassTable& table, Snapshot& snapshot, Ledger& ledger)
      : table_(table), snapshot_(snapshot), ledger_(ledger) {}

  /// What the shedder tells.
  shed::RegretLog& log() { return log_; }

  /// The server that answers from here on. With MEMORY USAGE keys are looked for by it: it leaves
  /// idle time, frequency, and the server's count of hits and misses as they are. EXISTS, which is
  /// used otherwise, touches no key either, but is counted as a hit or a miss.
  void use(const std::string& run_id, bool memory_usage);

  /// Asks for what is due, at most once a second; shows the rates, and once a minute writes those
  /// of the minute before into the ledger. Without an answer nothing is counted.
  redis::awaitable<void> look(std::shared_ptr<redis::Client> client, TimePoint now);

 private:
  void write_down(TimePoint now);

  const keys::ClassTable& table_;
  Snapshot& snapshot_;
  Ledger& ledger_;
  shed::RegretLog log_;
  bool memory_usage_ = false;
  std::string run_id_;
  std::optional<TimePoint> looked_;
  std::int64_t minute_ = 0;  // of the last look
};

/// "of 312 sampled keys of page_cache shed a minute before, 14.0 % (+- 3.9) were written again
/// within a minute". Pure.
std::string describe(const std::string& class_name, const shed::Regret& regret);

}  // namespace redkeep::guard
