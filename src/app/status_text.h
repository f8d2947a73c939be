#pragma once
// What `redkeep status` says, and `redkeep stats` at its beginning. Pure.
#include <optional>
#include <string>

#include "guard/lease.h"
#include "redkeep/statistics.h"

namespace redkeep::app {

/// Some lines, each with its end. `lease` is an error where it may not be read: then neither is it
/// known whether a guard runs.
std::string status_text(const Statistics& statistics,
                        const Result<std::optional<guard::LeaseRecord>>& lease);

}  // namespace redkeep::app
