#pragma once
// What is left to do when shedding was not enough. Pure.
#include <cstdint>
#include <limits>

#include "pressure/pressure_gauge.h"
#include "redkeep/options.h"
#include "shed/shed_outcome.h"
#include "shed/shed_plan.h"

namespace redkeep::guard {

/// True if the level is critical, everything that may go has gone, and memory measured afterwards
/// is not down at the mark by which critical is left.
inline bool is_still_critical(const pressure::Pressure& pressure, const shed::ShedPlan& plan,
                              const shed::ShedOutcome& outcome, const PressureOptions& options) {
  if (pressure.level != PressureLevel::Critical || pressure.reading.limit_bytes == 0) return false;
  const bool nothing_left = plan.empty() || outcome.end == shed::ShedEnd::NothingLeft;
  const double used_pct =
      pressure::pct_of_limit(outcome.used_after_bytes, pressure.reading.limit_bytes);
  return nothing_left && !pressure::is_down_at(used_pct, options.leave_emergency_pct);
}

/// How much may be added before usage reaches the stop mark; below zero if it is above it. Without
/// a limit there is no end to it.
inline std::int64_t room_bytes(std::int64_t used_bytes, std::int64_t limit_bytes,
                               const PressureOptions& options) {
  if (limit_bytes == 0) return std::numeric_limits<std::int64_t>::max();
  return pressure::bytes_at_mark(options.stop_shedding_pct, limit_bytes) - used_bytes;
}

/// True if content that is missing was not written for want of room, and there is room now.
inline bool has_room_again(const pressure::Pressure& pressure, std::int64_t used_bytes,
                           std::int64_t missing_bytes, const PressureOptions& options) {
  return missing_bytes > 0 && pressure.level == PressureLevel::Normal &&
         room_bytes(used_bytes, pressure.reading.limit_bytes, options) >= missing_bytes;
}

/// The limit at which so much lies below the stop mark.
inline std::int64_t limit_needed_bytes(std::int64_t used_bytes, const PressureOptions& options) {
  return static_cast<std::int64_t>(static_cast<double>(used_bytes) * 100.0 /
                                   options.stop_shedding_pct);
}

}  // namespace redkeep::guard
