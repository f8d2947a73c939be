#pragma once
// What a repair or a rebuild did, as text for a person and as JSON.
#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "app/shell_command.h"
#include "recovery/verify/rebuild.h"
#include "recovery/verify/repair.h"

namespace redkeep::app {

/// `source` is what it went by: commands that are named go by it too.
std::string describe_repair(const recovery::RepairOutcome& outcome, const Source& source,
                            const Settings& settings, std::chrono::milliseconds took);
std::string describe_rebuild(const recovery::RebuildOutcome& outcome, const Source& source,
                             const Settings& settings, std::chrono::milliseconds took);

/// On one line; the names are in docs/verify.md.
std::string repair_json(const recovery::RepairOutcome& outcome, std::chrono::milliseconds took);
std::string rebuild_json(const recovery::RebuildOutcome& outcome, std::chrono::milliseconds took);

}  // namespace redkeep::app
