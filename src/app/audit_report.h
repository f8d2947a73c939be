#pragma once
// What an audit found and mended, as text for a person and as JSON.
#include <chrono>
#include <string>

#include "app/settings.h"
#include "drift/drift.h"

namespace redkeep::app {

/// A few lines, the last of which say what to do, with whole commands. `fix`: whether it was asked
/// to mend.
std::string describe_audit(const drift::AuditOutcome& outcome, bool fix, const Settings& settings,
                           std::chrono::milliseconds took);

/// One object; the names are in docs/doctor.md.
std::string audit_json(const drift::AuditOutcome& outcome, const Settings& settings,
                       std::chrono::milliseconds took);

}  // namespace redkeep::app
