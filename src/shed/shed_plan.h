#pragma once
// What to shed: which classes, in which order, and where to stop. Pure.
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "keys/class_table.h"
#include "pressure/pressure_gauge.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"

namespace redkeep::shed {

/// Classes of equal shed order, and when they are left alone.
struct ShedStep {
  int order = 0;
  std::vector<keys::ClassIndex> classes;
  std::int64_t stop_at_bytes = 0;  ///< Used memory at which the step ends.
  /// Bytes of keys after which the step ends, whatever memory does.
  std::int64_t most_freed_bytes = kNoBound;
  /// Used memory at which there is no hurry, and at which there is every hurry.
  std::int64_t calm_at_bytes = 0;
  std::int64_t urgent_at_bytes = 0;

  /// All that there is goes, as far as it may.
  bool takes_all() const { return stop_at_bytes <= 0 && most_freed_bytes == kNoBound; }

  static constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();
};

struct ShedPlan {
  std::vector<ShedStep> steps;  ///< Cheapest first. Empty: there is nothing to do.
  std::int64_t used_bytes = 0;  ///< The use of memory that the plan was made for.
  /// From this use of memory on, another plan has to be made.
  std::int64_t good_below_bytes = ShedStep::kNoBound;
  /// Keys that expire by themselves within this time are not worth shedding.
  std::chrono::milliseconds spare_expiring_within{0};
  bool asked_for = false;  ///< By a person, who waits for it.
  /// Bytes of keys after which all of it ends, in place of where the steps end: a person asked for
  /// so many, and what memory does besides is not of his asking. 0: the steps say.
  std::int64_t to_free_bytes = 0;
  bool for_room = false;  ///< For protected content that is missing.
  std::string reason;     ///< One sentence with the numbers.

  bool empty() const { return steps.empty(); }
};

/// While memory is to be relieved: the expendable classes down to the stop mark; at critical those
/// first, and then the classes that may go at critical only, until usage is at
/// leave_emergency_pct. Nothing while normal or blind, and nothing where no limit is known.
ShedPlan plan_for_pressure(const pressure::Pressure& pressure, const keys::ClassTable& table,
                           const PressureOptions& options);

/// The expendable classes make room for so many bytes of protected content that is missing, below
/// the stop mark. Nothing while blind, where no limit is known, and where that could not be enough:
/// `sizes` is what is known of the classes.
ShedPlan plan_for_room(const pressure::Pressure& pressure, std::int64_t wanted_bytes,
                       const std::vector<ClassUse>& sizes, const keys::ClassTable& table,
                       const PressureOptions& options);

/// Classes that have more bytes than their quota are trimmed to it, whatever memory is used.
/// `sizes` is what is known of the classes; one of unknown size is left alone.
ShedPlan plan_for_quotas(const std::vector<ClassUse>& sizes, std::int64_t limit_bytes,
                         const keys::ClassTable& table);

/// What a person asked for: the classes named, or all that may go at warning, until used memory has
/// come down to `stop_at_bytes`. Fails if a name is unknown or its class may never be shed.
Result<ShedPlan> plan_for_request(const std::vector<std::string>& class_names,
                                  std::int64_t used_bytes, std::int64_t stop_at_bytes,
                                  const keys::ClassTable& table);

}  // namespace redkeep::shed
