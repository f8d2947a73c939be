#pragma once
// Writes the ledger to its file beside the io thread: a disk that hangs must not hold up the guard.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "guard/alert_gate.h"
#include "guard/ledger_queue.h"
#include "redkeep/result.h"

namespace redkeep::guard {

class LedgerWriter {
 public:
  /// How often a directory that cannot be written to is tried again.
  explicit LedgerWriter(std::string directory,
                        std::chrono::milliseconds retry_every = std::chrono::seconds{1});
  /// What waits is written first, if the directory takes it.
  ~LedgerWriter();
  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;

  /// Never waits for the disk. While the directory cannot be written to, the log says so at most
  /// once a minute, and up to 1,000 entries wait; of those beyond, the file gets the number. While
  /// another process keeps its ledger there, entries do not wait: they are in memory and the log.
  void add(const LedgerEntry& entry);

 private:
  void run(std::stop_token stop);
  void note(const Status& written);

  std::string directory_;
  std::chrono::milliseconds retry_every_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  LedgerQueue waiting_;  // under the mutex

  // Of the thread alone.
  AlertGate complaints_{std::chrono::minutes{1}};
  bool failed_ = false;

  std::jthread thread_;  // last: it uses all the others
};

}  // namespace redkeep::guard
