#pragma once
// What `redkeep status` says, and `redkeep stats` at its beginning. Pure.
#include <optional>
#include <string>

#include "guard/lease.h"
#include "redkeep/statistics.h"

namespace redkeep::app {

/// Some lines, each with its end.
std::string status_text(const Statistics& statistics,
                        const std::optional<guard::LeaseRecord>& lease);

}  // namespace redkeep::app
