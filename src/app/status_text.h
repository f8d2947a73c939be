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

/// The line about a load that was cut or is under way; empty where there is no mark of one.
std::string cut_load_text(const std::optional<std::string>& load_mark);

/// to_json() and `cut_load`: the directory of such a load, or null.
std::string status_json(const Statistics& statistics, const std::optional<std::string>& load_mark);

}  // namespace redkeep::app
