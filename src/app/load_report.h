#pragma once
// What a load did, in words, for `load` and `up`.
#include <chrono>
#include <string>

#include "recovery/loader.h"

namespace redkeep::app {

/// The first bad rows and how many there are, to stderr; nothing if there are none.
void print_problems(const recovery::ContentProblems& problems);

/// "63,495 entities, 311,180 associations, 98,765 words in 1.1 s".
std::string describe_load(const recovery::LoadOutcome& outcome, std::chrono::milliseconds took);

}  // namespace redkeep::app
