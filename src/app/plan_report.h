#pragma once
// What `redkeep plan` says: as tables and as JSON. Pure.
#include <optional>
#include <string>
#include <vector>

#include "plan/memory_plan.h"

namespace redkeep::app {

struct PlanReport {
  plan::MemoryPicture picture;
  std::optional<std::int64_t> asked_entities;  ///< The picture is that of so many.
  std::optional<double> asked_hit_ratio;       ///< 0 to 1.
  std::optional<std::int64_t> limit_for_hit_ratio;
  std::vector<plan::LimitOutcome> limits;
  PressureOptions marks;
};

/// What some limits around the one that there is would do (or around what is needed, where there is
/// none).
PlanReport plan_at_usual_limits(plan::MemoryPicture picture, const PressureOptions& marks);

/// Some lines, each with its end.
std::string plan_text(const PlanReport& report);
std::string plan_json(const PlanReport& report);

}  // namespace redkeep::app
