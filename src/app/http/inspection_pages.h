#pragma once
// What HTTP tells of the last census, doctor's look, plan and audit. Pure: nothing here
// asks a server.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "app/http/metric_families.h"
#include "app/inspections.h"
#include "guard/snapshot.h"

namespace redkeep::app::http {

struct InspectionPage {
  unsigned status = 200;
  std::string body;                     ///< JSON where the status is 200, else a sentence.
  std::chrono::seconds retry_after{0};  ///< 0: asking again does not help.
};

/// `name` is "census", "doctor", "plan" or "audit": the JSON of `redkeep stats --sample` and of the
/// commands of that name, with `taken_at` and `age_seconds`. 503 before the first one is there, 404
/// where none will be; nothing for other names.
std::optional<InspectionPage> inspection_page(std::string_view name,
                                              const guard::Snapshot& snapshot,
                                              const Inspections& inspections,
                                              std::chrono::steady_clock::time_point now);

/// Their metrics.
void add_inspections(const Inspections& inspections, std::chrono::steady_clock::time_point now,
                     Families& out);

}  // namespace redkeep::app::http
