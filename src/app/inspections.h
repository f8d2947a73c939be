#pragma once
// What was last found out about a guard's server in the background. HTTP serves this: no request
// makes anybody look at the server.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/census_report.h"
#include "app/plan_report.h"
#include "app/settings.h"
#include "doctor/finding.h"

namespace redkeep::app {

/// A doctor's look: what metrics are made of, and the whole as JSON.
struct DoctorVisit {
  std::vector<doctor::Finding> findings;
  std::string json;  ///< doctor_json()
};

template <class Found>
struct Inspected {
  Found found;
  std::chrono::steady_clock::time_point at;       ///< When it was complete.
  std::chrono::system_clock::time_point clock{};  ///< The same, for people.
};

struct Inspections {
  Settings settings;              ///< For the commands that mend what was found.
  std::chrono::seconds every{0};  ///< Between two; 0: none is made.
  bool with_audits = true;        ///< Whether the guard audits: see guard::Snapshot::last_audit.
  std::optional<Inspected<CensusReport>> census;
  std::optional<Inspected<DoctorVisit>> doctor;
  std::optional<Inspected<PlanReport>> plan;
};

}  // namespace redkeep::app
