#pragma once
// What a verify found, as text for a person and as JSON.
#include <chrono>
#include <string>

#include "app/settings.h"
#include "recovery/verify/verify.h"

namespace redkeep::app {

/// A few lines, the last of which says what to do, with a whole command. `directory` is the
/// content's.
std::string describe_verify(const recovery::VerifyOutcome& outcome, const std::string& directory,
                            const Settings& settings, std::chrono::milliseconds took);

/// One object; the names are in docs/verify.md.
std::string verify_json(const recovery::VerifyOutcome& outcome, const std::string& directory,
                        std::chrono::milliseconds took);

}  // namespace redkeep::app
