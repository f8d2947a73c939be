#pragma once
// What to shed: which classes, in which order, and where to stop. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "keys/class_table.h"
#include "pressure/pressure_gauge.h"
#include "redkeep/options.h"

namespace redkeep::shed {

/// Classes of equal shed order, and the use of memory at which they are left alone.
struct ShedStep {
  int order = 0;
  std::vector<keys::ClassIndex> classes;
  std::int64_t stop_at_bytes = 0;
};

struct ShedPlan {
  std::vector<ShedStep> steps;  ///< Cheapest first. Empty: there is nothing to do.
  std::int64_t used_bytes = 0;  ///< The use of memory that the plan was made for.
  std::string reason;           ///< One sentence with the numbers.

  bool empty() const { return steps.empty(); }
};

/// At warning the expendable classes down to the stop mark; at critical those first, and then the
/// classes that may go at critical only, until usage is below leave_emergency_pct. Nothing while
/// normal or blind, and nothing where no limit is known.
ShedPlan plan_for_pressure(const pressure::Pressure& pressure, const keys::ClassTable& table,
                           const PressureOptions& options);

/// What a person asked for: the classes named, or all that may go at warning, until used memory has
/// come down to `stop_at_bytes`. Fails if a name is unknown or its class may never be shed.
Result<ShedPlan> plan_for_request(const std::vector<std::string>& class_names,
                                  std::int64_t used_bytes, std::int64_t stop_at_bytes,
                                  const keys::ClassTable& table);

}  // namespace redkeep::shed
