#pragma once
// What shedding did, as entries for the ledger: at most one a second of a class and outcome,
// however often the guard acts. Under a flood it acts ten times a second. Pure: time is an
// argument.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "guard/ledger.h"
#include "shed/shed_outcome.h"

namespace redkeep::guard {

class ShedLog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// What one action did to one class. Usage is in percent, before and after the action.
  void add(const shed::ClassShed& row, shed::ShedEnd end, const std::string& reason,
           double usage_before_pct, double usage_after_pct);

  /// The entries whose turn it is, in the order in which they began: the first of a class and
  /// outcome at once, those after it as one, a second after the one before; and none before another
  /// one that began earlier. Their sums, the usage before the first and after the last, and the
  /// reason of the first.
  std::vector<LedgerEntry> take_due(TimePoint now);
  /// All of them, in that order: what was shed is told before what came of it, such as the end of a
  /// level or an alert that is over.
  std::vector<LedgerEntry> take_all(TimePoint now);

 private:
  struct Sum {
    shed::ClassShed row;
    std::string reason;
    double usage_before_pct = 0;
    double usage_after_pct = 0;
    bool is_open = false;        // something of it is still to be told
    std::uint64_t began_as = 0;  // the how manieth to be opened
    std::optional<TimePoint> told;
  };
  static LedgerEntry entry_of(const std::string& outcome, const Sum& sum);
  std::vector<LedgerEntry> take(TimePoint now, std::chrono::milliseconds least_age);

  std::map<std::pair<std::string, std::string>, Sum> sums_;  // by class and outcome
  std::uint64_t opened_ = 0;
};

}  // namespace redkeep::guard
