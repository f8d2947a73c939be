#pragma once
// Whether the marks and times make sense together. Pure.
#include <optional>
#include <string>

#include "redkeep/options.h"

namespace redkeep::pressure {

/// The first rule that is broken, as a sentence that names the fields; nothing if all hold.
inline std::optional<std::string> find_fault(const PressureOptions& marks) {
  if (marks.stop_shedding_pct <= 0) return "stop_shedding_pct must be above 0";
  if (marks.stop_shedding_pct >= marks.start_shedding_pct) {
    return "stop_shedding_pct must be below start_shedding_pct";
  }
  if (marks.start_shedding_pct >= marks.emergency_pct) {
    return "start_shedding_pct must be below emergency_pct";
  }
  if (marks.leave_emergency_pct <= marks.stop_shedding_pct ||
      marks.leave_emergency_pct >= marks.emergency_pct) {
    return "leave_emergency_pct must lie between stop_shedding_pct and emergency_pct";
  }
  if (marks.emergency_pct > 100) return "emergency_pct must be at most 100";
  if (marks.min_interval.count() <= 0 || marks.min_interval > marks.interval) {
    return "min_interval must be above zero and not above interval";
  }
  if (marks.limit_bytes < 0) return "limit_bytes must not be below 0";
  return std::nullopt;
}

}  // namespace redkeep::pressure
