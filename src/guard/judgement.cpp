#include "guard/judgement.h"

#include <algorithm>

namespace redkeep::guard {

using pressure::Pressure;

Pressure Judgement::judge(const pressure::MemoryReading& reading, TimePoint now) {
  sweeps_.see(reading);
  const Pressure pressure = gauge_.judge(reading, now);
  next_reading_in_ = pressure.next_reading_in;
  return pressure;
}

Pressure Judgement::blind(TimePoint now) {
  const Pressure pressure = gauge_.blind(now);
  next_reading_in_ = pressure.next_reading_in;
  return pressure;
}

shed::ShedPlan Judgement::plan(const Pressure& pressure, TimePoint now) const {
  shed::ShedPlan plan = shed::plan_for_pressure(pressure, table_, options_);
  if (!plan.empty()) {
    if (!sweeps_.may_sweep(pressure, now)) plan.steps.clear();
    return plan;
  }
  if (pressure.level == PressureLevel::Blind) return plan;
  if (missing_bytes_ > 0 && now >= room_not_before_) {
    plan = shed::plan_for_room(pressure, missing_bytes_, sizes_, table_, options_);
    if (!plan.empty()) return plan;
  }
  plan = shed::plan_for_quotas(sizes_, pressure.reading.limit_bytes, table_);
  plan.used_bytes = pressure.reading.used_bytes;
  return plan;
}

void Judgement::note_shed(const Pressure& pressure, const shed::ShedPlan& plan,
                          const shed::ShedOutcome& outcome, TimePoint now) {
  if (plan.empty()) return;
  // Where shedding ended otherwise, what is used was not measured last.
  if (outcome.end == shed::ShedEnd::TargetReached) {
    gauge_.note_measured(
        pressure::pct_of_limit(outcome.used_after_bytes, pressure.reading.limit_bytes));
  }
  for (const auto& row : outcome.classes) {
    gauge_.note_shed(row.bytes);
    const auto size = std::find_if(sizes_.begin(), sizes_.end(),
                                   [&](const ClassUse& use) { return use.name == row.name; });
    if (size != sizes_.end() && size->bytes) *size->bytes -= row.bytes;
  }
  if (plan.for_room) {
    if (outcome.end == shed::ShedEnd::NothingLeft) {
      room_not_before_ = now + options_.restore_cool_down;
    }
    next_reading_in_ = std::min(next_reading_in_, options_.min_interval);
    return;
  }
  const bool for_quotas = !pressure.relieving;
  if (for_quotas) {
    // What is left cannot go; the next census tells how much it is.
    if (outcome.end == shed::ShedEnd::NothingLeft) sizes_.clear();
    return;
  }
  sweeps_.note(pressure, outcome, now);
  if (room_bytes(outcome.used_after_bytes, pressure.reading.limit_bytes, options_) >= 0) {
    gauge_.note_relieved();
  }
  // Something flows in or it would not have come to this: look again at once.
  if (outcome.end == shed::ShedEnd::TargetReached) next_reading_in_ = options_.min_interval;
  if (outcome.end == shed::ShedEnd::BudgetSpent && !outcome.minute_budget_spent) {
    next_reading_in_ = std::chrono::milliseconds{0};
  }
}

bool Judgement::take_content_turn(const Pressure& pressure, const shed::ShedPlan& plan,
                                  const shed::ShedOutcome& outcome, TimePoint now) {
  const bool wanted = is_still_critical(pressure, plan, outcome, options_) ||
                      has_room_again(pressure, outcome.used_after_bytes, missing_bytes_, options_);
  // Rebuilding makes no room, so it is not tried again at once.
  if (!wanted || (content_used_ && now - *content_used_ < options_.restore_cool_down)) return false;
  content_used_ = now;
  return true;
}

}  // namespace redkeep::guard
