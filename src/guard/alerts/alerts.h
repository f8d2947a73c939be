#pragma once
// The guard's alerts: raised and cleared as the ticks go, told to ledger, snapshot and receivers.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "guard/alerts/alert_policy.h"
#include "guard/alerts/alert_sender.h"
#include "guard/ledger.h"
#include "guard/snapshot.h"
#include "pressure/pressure_gauge.h"
#include "redkeep/options.h"
#include "shed/shed_outcome.h"

namespace redkeep::guard {

/// Used on the executor only. take() decides; what was raised before it is not lost, only later.
class Alerts {
 public:
  using TimePoint = AlertPolicy::TimePoint;

  /// The options must have passed AlertSender::check(); their endpoint names the server in the
  /// alerts. `ledger` and `snapshot` must outlive it.
  Alerts(boost::asio::any_io_executor executor, const Options& options, Ledger& ledger,
         Snapshot& snapshot);

  /// A condition other than usage holds, now. See alert_conditions for what its subject means.
  void raise(std::string subject, std::string cause, TimePoint now);
  /// The same where memory and what was done about it are known better than by the last reading.
  void raise(AlertCondition condition, TimePoint now) { policy_.raise(std::move(condition), now); }
  /// What was done of late about a mark that is crossed.
  std::string done_about(std::string_view subject, TimePoint now) const {
    return policy_.done_about(subject, now);
  }
  /// It is over. Only for subjects of kind State; the others end by themselves.
  void clear(std::string_view subject, TimePoint now);

  /// Once a tick, after shedding: raises and clears "warning", "critical" and "blind" by what was
  /// read at `seen` and by what shedding has made of it until `now`. `cause` are the reading's
  /// numbers as a sentence, or why there is none.
  void follow(const pressure::Pressure& pressure, const shed::ShedOutcome& outcome,
              const std::string& cause, TimePoint seen, TimePoint now);

  /// At the end of a tick: what has become due, once.
  AlertPolicy::Due take(TimePoint now) { return policy_.take(now); }
  /// It goes into ledger and snapshot, and as far as it is to be sent on its way.
  void tell(const AlertPolicy::Due& due);

  /// The snapshot's open alarms are those of now. Once a tick, after tell().
  void show_open();

  /// Delivers until asked to stop; to run beside the guard's loop.
  boost::asio::awaitable<void> run(std::stop_token stop) { return sender_.run(stop); }

 private:
  void write_down(const Alert& alert);
  std::chrono::system_clock::time_point began(const Alert& alert);

  PressureOptions marks_;
  Ledger& ledger_;
  Snapshot& snapshot_;
  AlertPolicy policy_;
  AlertSender sender_;
  // When conditions that were told began, by both clocks: told again, and as over, it is the same.
  std::map<std::string, std::pair<TimePoint, std::chrono::system_clock::time_point>> began_;
};

}  // namespace redkeep::guard
