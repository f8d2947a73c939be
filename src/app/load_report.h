#pragma once
// What a load did, in words, for `load` and `up`.
#include <chrono>
#include <string>

#include "recovery/load/loader.h"

namespace redkeep::app {

/// The first bad rows and how many there are, to stderr; nothing if there are none.
void print_problems(const recovery::ContentProblems& problems);

/// What a merge was taken over, the first of it by id, to stdout; nothing if there was nothing.
void print_conflicts(const recovery::MergeConflicts& conflicts);

/// "63,495 entities, 311,180 associations, 98,765 words in 1.1 s".
std::string describe_load(const recovery::LoadOutcome& outcome, std::chrono::milliseconds took);
std::string describe_load_since(const recovery::LoadOutcome& outcome,
                                std::chrono::steady_clock::time_point begun);

}  // namespace redkeep::app
