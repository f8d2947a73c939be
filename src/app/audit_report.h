#pragma once
// What an audit found and mended, as text for a person and as JSON.
#include <chrono>
#include <string>

#include "drift/drift.h"

namespace redkeep::app {

/// A few lines, the last of which says what to do. `fix`: whether it was asked to mend.
std::string describe_audit(const drift::AuditOutcome& outcome, bool fix,
                           std::chrono::milliseconds took);

/// One object; the names are in docs/doctor.md.
std::string audit_json(const drift::AuditOutcome& outcome, bool fix,
                       std::chrono::milliseconds took);

/// Nothing is wrong any more: the exit code 0.
bool is_clean(const drift::AuditOutcome& outcome);

}  // namespace redkeep::app
