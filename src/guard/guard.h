#pragma once
// The loop that keeps one server healthy: read, judge, shed, tell. See Guard::tick.
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "guard/alert_gate.h"
#include "guard/ledger.h"
#include "guard/snapshot.h"
#include "guard/sweep_gate.h"
#include "keys/class_table.h"
#include "keys/key_schema.h"
#include "pressure/pressure_gauge.h"
#include "recovery/restore.h"
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

  /// What is known now; the census keeper writes its part of it.
  Snapshot& snapshot() { return snapshot_; }
  const Ledger& ledger() const { return ledger_; }
  const keys::ClassTable& table() const { return table_; }

 private:
  Guard(boost::asio::any_io_executor executor, Options options, keys::ClassTable table);

  redis::awaitable<void> tick(std::stop_token stop);
  redis::awaitable<pressure::Pressure> read_pressure();
  redis::awaitable<Result<pressure::MemoryReading>> read_memory();
  redis::awaitable<Status> meet_server();
  void note(const pressure::Pressure& pressure);
  void note_anomalies(const pressure::MemoryReading& reading);
  shed::ShedPlan plan_for(const pressure::Pressure& pressure) const;
  void note(const pressure::Pressure& pressure, const shed::ShedPlan& plan,
            const shed::ShedOutcome& outcome);
  void note(const Result<recovery::RestoreOutcome>& outcome, PressureLevel level);
  redis::awaitable<void> use_content(const pressure::Pressure& pressure, std::int64_t used_bytes,
                                     std::stop_token stop);
  void alarm_that_it_does_not_fit(std::int64_t used_bytes, std::int64_t limit_bytes);
  redis::awaitable<void> publish(PressureLevel level);
  redis::awaitable<void> withdraw_level();
  void alarm(std::string subject, std::string reason);

  boost::asio::any_io_executor executor_;
  Options options_;
  keys::ClassTable table_;
  keys::KeySchema schema_;
  std::shared_ptr<redis::Client> client_;
  pressure::PressureGauge gauge_;
  shed::Shedder shedder_;
  SweepGate sweeps_;
  AlertGate alerts_;
  Ledger ledger_;
  Snapshot snapshot_;

  std::uint64_t met_generation_ = 0;  // of the connection whose capabilities are known
  std::optional<pressure::MemoryReading> last_reading_;
  std::chrono::milliseconds next_reading_in_{0};
  PressureLevel published_level_ = PressureLevel::Blind;
  std::chrono::steady_clock::time_point published_{};
  std::optional<std::chrono::steady_clock::time_point> content_used_;
  std::int64_t missing_bytes_ = 0;  // of content that did not fit when it was last looked at
};

}  // namespace redkeep::guard
