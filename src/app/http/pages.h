#pragma once
// What the HTTP server answers: from the guard's snapshot and ledger to text. Pure.
#include <chrono>
#include <string>

#include "app/inspections.h"
#include "guard/ledger.h"
#include "guard/snapshot.h"
#include "redkeep/options.h"

namespace redkeep::app::http {

using TimePoint = std::chrono::steady_clock::time_point;

/// Prometheus text format (version 0.0.4).
std::string metrics_text(const guard::Snapshot& snapshot, const Inspections& inspections,
                         TimePoint now);

/// The statistics' JSON with the guard's own fields beside them.
std::string status_json(const guard::Snapshot& snapshot, TimePoint now);

/// A JSON array, newest entry first.
std::string ledger_json(const guard::Ledger& ledger, std::size_t limit);

/// Empty while the guard has a fresh reading; otherwise why not.
std::string not_ready_because(const guard::Snapshot& snapshot, const PressureOptions& options,
                              TimePoint now);

}  // namespace redkeep::app::http
