#pragma once
// What the guard's subjects mean for a person, and when a mark of usage counts as crossed. Pure.
#include <string>

#include "guard/alerts/alert_policy.h"

namespace redkeep::guard {

/// Kind and severity by the subject's row in alert_conditions.cpp; one without a row is a Recurring
/// warning.
AlertCondition condition_of(std::string subject, std::string cause, const MemoryUse& memory);

/// Usage as one tick saw it.
struct UsageSeen {
  MemoryUse before;             ///< At the tick's reading.
  MemoryUse after;              ///< After what the tick did about it; the same if it did nothing.
  std::string cause;            ///< The numbers of the reading as a sentence.
  std::string action;           ///< What the tick did; empty: nothing.
  AlertPolicy::TimePoint seen;  ///< When it was read.
};

/// Raises and clears "warning" and "critical". Unlike the level they know no dwell: a crossing
/// begins with a reading at or above start_shedding_pct or emergency_pct and ends as soon as
/// anything measured, the end of a shedding run too, is down at stop_shedding_pct or
/// leave_emergency_pct: by the same measure as the level is left (pressure::is_down_at). So a full
/// cache that shedding holds at its mark is no alert, however long its level is warning, and usage
/// that hovers about a mark is. On the way down from a critical alert no warning begins, unless
/// that takes longer than AlertOptions::every. "blind" and "does-not-fit" are over, too, as far as
/// usage says so. Not to be called while blind: then nothing is known, and nothing is over.
void follow_usage(AlertPolicy& policy, const PressureOptions& marks, const UsageSeen& usage,
                  AlertPolicy::TimePoint now);

}  // namespace redkeep::guard
