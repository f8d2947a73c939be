#pragma once
// Whether shedding keeps up with what flows in: applications are asked to write less if not. Pure.
#include "pressure/pressure_gauge.h"
#include "redkeep/options.h"
#include "shed/shed_outcome.h"

namespace redkeep::guard {

/// False if memory is, after shedding, more than half way from the warning to the critical mark: it
/// grew as fast as it was shed, or nothing was left that may go. A run that spent its time and goes
/// on in the next tick keeps up as long as memory stays below that.
inline bool shedding_keeps_up(const pressure::Pressure& pressure, const shed::ShedOutcome& outcome,
                              const PressureOptions& options) {
  const bool sheds =
      pressure.level == PressureLevel::Warning || pressure.level == PressureLevel::Critical;
  if (!sheds || pressure.reading.limit_bytes == 0) return true;
  const double used_pct =
      pressure::pct_of_limit(outcome.used_after_bytes, pressure.reading.limit_bytes);
  return used_pct < (options.start_shedding_pct + options.emergency_pct) / 2;
}

}  // namespace redkeep::guard
