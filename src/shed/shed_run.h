#pragma once
// The state of one run of the shedder: what was done so far, and what may still be done. Included
// by shedder.cpp alone.
#include <algorithm>
#include <limits>
#include <stop_token>
#include <utility>

#include "keys/fingerprint_set.h"
#include "shed/shedder.h"
#include "shed/stopwatch.h"

namespace redkeep::shed {

using Clock = Stopwatch::Clock;

class Shedder::Run {
 public:
  Run(const ShedPlan& with_plan, ShedBudget budget, ShedMode run_mode, std::stop_token stop,
      Shedder& shedder)
      : plan(with_plan),
        mode(run_mode),
        used_bytes(with_plan.used_bytes),
        budget_(budget),
        stop_(std::move(stop)),
        shedder_(shedder) {
    outcome.used_before_bytes = with_plan.used_bytes;
  }

  bool is_real() const { return mode == ShedMode::Real; }
  bool is_stopped() const { return stop_.stop_requested(); }

  ClassShed& of(keys::ClassIndex index) {
    const std::string& name = shedder_.table_.at(index).name;
    const auto found = std::ranges::find(outcome.classes, name, &ClassShed::name);
    return found != outcome.classes.end() ? *found
                                          : outcome.classes.emplace_back(ClassShed{.name = name});
  }

  // Whether the run has to end before its target, and why.
  bool must_end() {
    if (stop_.stop_requested()) {
      outcome.end = ShedEnd::Stopped;
    } else if (is_real() && !shedder_.may_act_()) {
      outcome.end = ShedEnd::LeaseLost;
    } else if (stopwatch_.in_all() > budget_.most_time || keys_left() <= 0 ||
               used_bytes >= plan.good_below_bytes) {
      outcome.end = ShedEnd::BudgetSpent;
    } else {
      return false;
    }
    return true;
  }

  // 0 or less: the step has come to where it ends.
  std::int64_t to_free_bytes(const ShedStep& step) const {
    if (plan.to_free_bytes > 0) return plan.to_free_bytes - outcome.bytes() - unmeasured_bytes_;
    return std::min(used_bytes - step.stop_at_bytes, step.most_freed_bytes - freed_in_step_bytes);
  }

  std::int64_t keys_left() {
    const std::int64_t of_run = budget_.most_keys - outcome.keys();
    const std::int64_t of_minute = is_real() ? shedder_.deletions_.left(Clock::now())
                                             : std::numeric_limits<std::int64_t>::max();
    if (of_minute <= 0) outcome.minute_budget_spent = true;
    return std::min(of_run, of_minute);
  }

  void fail(const Error& error) {
    if (error.kind == ErrorKind::Interrupted) {  // deletions were held back at the last moment
      outcome.end = stop_.stop_requested() ? ShedEnd::Stopped : ShedEnd::LeaseLost;
      return;
    }
    outcome.end = error.kind == ErrorKind::NotPermitted ? ShedEnd::NotAllowed : ShedEnd::BrokenOff;
    outcome.failure = error;
  }

  // Counts a key that stays, once however often the walk comes by.
  void leave(const Candidate& candidate, std::int64_t ClassShed::*count) {
    if (left_.insert(keys::fingerprint(candidate.key))) ++(of(candidate.class_index).*count);
  }

  // Was tried in this run, or in a dry run counted already: not to be considered again.
  bool is_settled(const std::string& key) const {
    const auto print = keys::fingerprint(key);
    return left_.contains(print) || reckoned_.contains(print);
  }

  // A key has gone, or in a dry run would have.
  void count(const Candidate& candidate) {
    ClassShed& row = of(candidate.class_index);
    ++row.keys;
    row.took += stopwatch_.lap();
    // Where sizes are refused, what memory falls by is counted when it is measured.
    (shedder_.rule_.sizes || !is_real() ? row.bytes : unmeasured_bytes_) += candidate.bytes;
    last_class_ = candidate.class_index;
    used_bytes -= candidate.bytes;
    freed_in_step_bytes += candidate.bytes;
    is_measured = false;
    constexpr std::int64_t kFreedInBackgroundFrom = 16 * 1024;
    frees_in_background |= candidate.bytes >= kFreedInBackgroundFrom || !shedder_.rule_.sizes;
  }

  // In a dry run nothing goes, so the walk comes by again.
  void reckon(const std::vector<Candidate>& victims) {
    for (const auto& victim : victims) {
      if (reckoned_.insert(keys::fingerprint(victim.key))) count(victim);
    }
  }

  void note_measured(std::int64_t bytes) {
    if (!shedder_.rule_.sizes && last_class_ && bytes < measured_bytes_) {
      of(*last_class_).bytes += measured_bytes_ - bytes;
    }
    measured_bytes_ = used_bytes = bytes;
    unmeasured_bytes_ = 0;
    is_measured = true;
    measured_at = Clock::now();
  }

  ShedOutcome finish() {
    outcome.used_after_bytes = used_bytes;
    outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(stopwatch_.in_all());
    return std::move(outcome);
  }

  ShedPlan plan;
  ShedOutcome outcome;
  ShedMode mode;
  std::int64_t used_bytes;  // measured last, less what has gone since; in a dry run, reckoned
  bool is_measured = true;  // nothing has gone since it was measured
  Clock::time_point measured_at = Clock::now();
  bool frees_in_background = false;  // something big may have gone since it was measured
  std::int64_t freed_in_step_bytes = 0;
  std::int64_t keys_in_all = 0;
  std::chrono::microseconds last_took{0};

 private:
  ShedBudget budget_;
  std::stop_token stop_;
  Shedder& shedder_;
  keys::FingerprintSet left_;
  keys::FingerprintSet reckoned_;
  std::int64_t measured_bytes_ = 0;
  std::int64_t unmeasured_bytes_ = 0;  // assumed of what has gone since it was measured
  std::optional<keys::ClassIndex> last_class_;
  Stopwatch stopwatch_;  // a lap from key to key that goes
};

}  // namespace redkeep::shed
