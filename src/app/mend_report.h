#pragma once
// What a repair or a rebuild did, as text for a person and as JSON.
#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "recovery/verify/rebuild.h"
#include "recovery/verify/repair.h"

namespace redkeep::app {

std::string describe_repair(const recovery::RepairOutcome& outcome, std::chrono::milliseconds took);
std::string describe_rebuild(const recovery::RebuildOutcome& outcome, const std::string& directory,
                             std::chrono::milliseconds took);

/// On one line; the names are in docs/verify.md.
std::string repair_json(const recovery::RepairOutcome& outcome, std::chrono::milliseconds took);
std::string rebuild_json(const recovery::RebuildOutcome& outcome, std::chrono::milliseconds took);

}  // namespace redkeep::app
