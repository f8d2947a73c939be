#include "app/load_report.h"

#include <fmt/format.h>

#include "sizes/sizes.h"

namespace redkeep::app {
namespace {
constexpr std::size_t kMostPrinted = 50;
}

void print_problems(const recovery::ContentProblems& problems) {
  const std::size_t shown = std::min(kMostPrinted, problems.first.size());
  for (std::size_t i = 0; i < shown; ++i) fmt::print(stderr, "{}\n", problems.first[i]);
  if (problems.count > static_cast<std::int64_t>(shown)) {
    fmt::print(stderr, "... and {} more\n",
               sizes::print_count(problems.count - static_cast<std::int64_t>(shown)));
  }
}

void print_conflicts(const recovery::MergeConflicts& conflicts) {
  if (conflicts.count == 0) return;
  fmt::print("{} records were there in another form; the content was taken over them:\n",
             sizes::print_count(conflicts.count));
  const std::size_t shown = std::min(kMostPrinted, conflicts.first.size());
  for (std::size_t i = 0; i < shown; ++i) fmt::print("  {}\n", conflicts.first[i]);
  if (conflicts.count > static_cast<std::int64_t>(shown)) {
    fmt::print("  ... and {} more\n",
               sizes::print_count(conflicts.count - static_cast<std::int64_t>(shown)));
  }
}

std::string describe_load(const recovery::LoadOutcome& outcome, std::chrono::milliseconds took) {
  return fmt::format("{} entities, {} associations, {} words in {}",
                     sizes::print_count(outcome.entities), sizes::print_count(outcome.associations),
                     sizes::print_count(outcome.words), sizes::print_duration(took));
}

}  // namespace redkeep::app
