#pragma once
// What became of stores and removals, in words and as JSON.
#include <chrono>
#include <cstdint>
#include <string>

#include "app/graph_changes.h"
#include "redkeep/options.h"

namespace redkeep::app {

struct ChangeReport {
  ChangeTally tally;
  std::int64_t not_begun = 0;  ///< After what ended the run.
  std::string data_directory;  ///< Empty: there was none.
  std::chrono::milliseconds took{0};
};

/// "12 applied, 3 journaled in 5.0 s", and what journaled means.
std::string describe_changes(const ChangeReport& report);

std::string changes_json(const ChangeReport& report);

/// Completes it by where the changes went and how long it took since `begun`, prints it, what
/// failed to stderr, and returns the exit code: 1 if a record failed, or that of what ended the
/// run.
int tell_changes(ChangeReport report, const Options& options,
                 std::chrono::steady_clock::time_point begun, bool as_json);

}  // namespace redkeep::app
