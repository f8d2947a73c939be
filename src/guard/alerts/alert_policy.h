#pragma once
// Which conditions become alerts, and when. Pure: time is an argument.
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/alert_gate.h"
#include "guard/alerts/alert.h"
#include "redkeep/options.h"

namespace redkeep::guard {

/// A mark that was crossed and left again before that was an alert: an entry for the ledger.
/// Several within AlertOptions::every are told as one.
struct BriefCrossing {
  std::string subject;
  int times = 0;
  std::chrono::milliseconds longest{0};
  std::string action;  ///< Of the last one; empty: it was left without our doing.

  /// "the mark was crossed for 1.2 s; undone by: ..."
  std::string sentence() const;
};

/// At most one alert of a subject and severity in `every`: a warning does not hide the critical
/// alert that follows. A Mark is told only when it has held for `grace`. What was told and ends is
/// told once more as over; what was not told never is. A State or Event that comes again within
/// `every` is something that has happened all the same: for log and ledger, and so is its end.
class AlertPolicy {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit AlertPolicy(const AlertOptions& options)
      : every_(options.every), grace_(options.grace), gate_(options.every) {}

  /// The condition holds at `seen`. To be called again for as long as it does; it is told again
  /// only when it is. An action is told once, within `every`: where nothing has been done since, an
  /// empty one leaves none.
  void raise(AlertCondition condition, TimePoint seen);

  /// The condition is over; `memory` is what is used now. Nothing happens if it was not raised.
  /// Neither raised nor cleared (nothing is known of it) it stays as it was.
  void clear(std::string_view subject, const MemoryUse& memory, TimePoint now);

  bool is_raised(std::string_view subject) const { return raised_.contains(subject); }
  bool is_told(std::string_view subject) const;
  /// What was done about it last; empty if nothing was within `every`, or it is not raised.
  std::string done_about(std::string_view subject, TimePoint now) const;

  /// True for `every` after a critical Mark that was told has ended, or until that way is said to
  /// be over: a lower mark that usage passes meanwhile is no news.
  bool on_way_down(TimePoint now) const { return way_down_until_ && now < *way_down_until_; }
  void end_way_down() { way_down_until_.reset(); }

  /// What was told or noted and is not over, as it was raised last.
  std::vector<Alert> open() const;

  struct Due {
    std::vector<Alert> alerts;  ///< In the order in which they came to be.
    std::vector<Alert> unsent;  ///< The same, for log and ledger only: one was sent just before.
    std::vector<BriefCrossing> brief;
    bool empty() const { return alerts.empty() && unsent.empty() && brief.empty(); }
  };
  /// What has become due, each once. Recurring conditions that were not raised for `every` end
  /// here.
  Due take(TimePoint now);

 private:
  struct Raised {
    AlertCondition condition;
    TimePoint since;
    TimePoint last;
    std::optional<TimePoint> acted;    // when the condition's action was done
    std::optional<TimePoint> told_at;  // last
    bool told = false;
    bool noted = false;  // without being sent
  };

  Alert alert_of(Raised& raised, TimePoint seen) const;
  void end(const Raised& raised, TimePoint when, const std::string& how);

  std::chrono::seconds every_;
  std::chrono::milliseconds grace_;
  AlertGate gate_;
  std::map<std::string, Raised, std::less<>> raised_;
  std::map<std::string, BriefCrossing, std::less<>> brief_;  // not yet told
  std::vector<Alert> due_;
  std::vector<Alert> unsent_;
  std::optional<TimePoint> way_down_until_;
};

}  // namespace redkeep::guard
