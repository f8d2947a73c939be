#pragma once
// The loop that keeps one server healthy: read, judge, shed, tell. See Guard::tick.
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "guard/alert_gate.h"
#include "guard/alerts/alerts.h"
#include "guard/content_keeper.h"
#include "guard/drift_keeper.h"
#include "guard/forecast_keeper.h"
#include "guard/index_keeper.h"
#include "guard/journal_watch.h"
#include "guard/judgement.h"
#include "guard/lease.h"
#include "guard/ledger.h"
#include "guard/level_publisher.h"
#include "guard/regret_watch.h"
#include "guard/shed_log.h"
#include "guard/snapshot.h"
#include "keys/class_table.h"
#include "keys/key_schema.h"
#include "redis/client.h"
#include "redkeep/options.h"
#include "shed/shedder.h"

namespace redkeep::guard {

/// Runs on one executor; snapshot() and ledger() are read from that executor too.
class Guard {
 public:
  /// Fails if the classes cannot be compiled (the message names the class).
  static Result<std::unique_ptr<Guard>> create(boost::asio::any_io_executor executor,
                                               Options options);

  /// Guards until asked to stop; never ends because of a failing server. A shedding batch under way
  /// is finished first.
  redis::awaitable<void> run(std::stop_token stop);

  /// Before run(): see GraphSource.
  void bring_content_back_by(GraphSource source) { content_.bring_back_by(std::move(source)); }

  /// Before run(): the guard in this process of this host has ended, so its lease is taken at once.
  void take_over_from(pid_t process) { lease_.know_gone(process); }

  /// The journal of the data directory, which alarms if it does not do what it is there for.
  JournalWatch& journal() { return journal_; }

  /// What is known now; the census keeper writes its part of it.
  Snapshot& snapshot() { return snapshot_; }
  const Ledger& ledger() const { return ledger_; }
  const keys::ClassTable& table() const { return table_; }

 private:
  Guard(boost::asio::any_io_executor executor, Options options, keys::ClassTable table);

  redis::awaitable<void> keep_watch(std::stop_token stop);
  redis::awaitable<void> tick(std::stop_token stop);
  redis::awaitable<pressure::Pressure> read_pressure();
  redis::awaitable<Result<pressure::MemoryReading>> read_memory();
  redis::awaitable<Status> meet_server();
  redis::awaitable<bool> keep_lease(PressureLevel level);
  redis::awaitable<void> tell_level(PressureLevel level);
  redis::awaitable<void> renew_append_only_file();
  void note(const pressure::Pressure& pressure);
  void note_anomalies(const pressure::MemoryReading& reading);
  void note(const pressure::Pressure& pressure, const shed::ShedPlan& plan,
            const shed::ShedOutcome& outcome);
  void alarm(std::string subject, std::string reason);
  ContentKeeper::Alarms alarms();
  void alarm_that_it_does_not_fit(const MemoryUse& memory, std::int64_t missing_bytes);
  std::string numbers_of(const pressure::Pressure& pressure) const;
  void write_down(std::vector<LedgerEntry> entries);
  void note_evictions();
  std::string what_is_left(const pressure::Pressure& pressure) const;
  std::string who_acts() const;

  boost::asio::any_io_executor executor_;
  Options options_;
  keys::ClassTable table_;
  keys::KeySchema schema_;
  std::shared_ptr<redis::Client> client_;
  Lease lease_;
  Judgement judgement_;
  shed::Shedder shedder_;
  LevelPublisher level_;
  AlertGate notices_;  // how often a notice of one subject is written down
  AlertGate evictions_{std::chrono::seconds{1}};
  std::int64_t untold_evictions_ = 0;  // keys, by the server itself
  Ledger ledger_;
  ShedLog shed_log_;
  Snapshot snapshot_;
  Alerts alerts_;  // writes into both
  ForecastKeeper forecast_;
  RegretWatch regret_;
  IndexKeeper index_;
  ContentKeeper content_;
  DriftKeeper drift_;
  JournalWatch journal_;

  std::uint64_t met_generation_ = 0;  // of the connection whose capabilities are known
  std::string met_policy_;            // of the server, when it was met
  bool met_as_replica_ = false;       // the same
  LeaseView told_lease_;              // as the ledger has it
  std::optional<pressure::MemoryReading> last_reading_;
  std::chrono::steady_clock::time_point sizes_time_{};  // of the census that quotas are kept by
  bool renews_append_only_file_ = false;                // as soon as it is known who acts
  bool keeps_up_ = true;                                // what shedding came to last
};

}  // namespace redkeep::guard
