#pragma once
// Finds drift in the background, mends it where this guard may act, and alarms. A few percent of
// the time, over a connection of its own: no reading of the guard waits behind it.
#include <memory>
#include <stop_token>
#include <string>

#include "drift/drift.h"
#include "guard/content_keeper.h"
#include "guard/lease.h"
#include "guard/ledger.h"
#include "guard/snapshot.h"
#include "keys/class_table.h"
#include "redis/client.h"
#include "redkeep/options.h"

namespace redkeep::guard {

class DriftKeeper {
 public:
  /// All that is referred to must outlive it.
  DriftKeeper(boost::asio::any_io_executor executor, const Options& options,
              const keys::ClassTable& table, Lease& lease, Snapshot& snapshot, Ledger& ledger,
              ContentKeeper::Alarms alarms);

  /// Audits every [drift] every, or less often where that would take more than half a percent of
  /// the server's time, until asked to stop. Does
  /// nothing where [drift] background is "off".
  redis::awaitable<void> run(std::stop_token stop);

 private:
  redis::awaitable<std::chrono::steady_clock::duration> look(std::stop_token stop);
  void note(LastAudit audit);

  boost::asio::any_io_executor executor_;
  const Options& options_;
  const keys::ClassTable& table_;
  Lease& lease_;
  Snapshot& snapshot_;
  Ledger& ledger_;
  ContentKeeper::Alarms alarms_;
  std::shared_ptr<redis::Client> client_;
};

/// "12 protected, with a TTL (12 mended), such as reed:entity:page:1; 3 evictable, ...": what an
/// audit found, as one sentence; empty where it found nothing. Pure.
std::string describe_drift(const drift::AuditOutcome& outcome);

}  // namespace redkeep::guard
