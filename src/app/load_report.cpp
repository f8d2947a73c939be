#include "app/load_report.h"

#include <fmt/format.h>

#include "app/print_error.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {
constexpr std::size_t kMostPrintedProblems = 50;
}

void print_problems(const recovery::ContentProblems& problems) {
  const std::size_t shown = std::min(kMostPrintedProblems, problems.first.size());
  for (std::size_t i = 0; i < shown; ++i) print_error("{}\n", problems.first[i]);
  if (problems.count > static_cast<std::int64_t>(shown)) {
    print_error("... and {} more\n",
                sizes::print_count(problems.count - static_cast<std::int64_t>(shown)));
  }
}

void print_conflicts(const recovery::MergeConflicts& conflicts) {
  if (conflicts.count == 0) return;
  fmt::print("{} {} there in another form; the content was taken over {}:\n",
             sizes::print_counted(conflicts.count, "record"),
             sizes::by_count(conflicts.count, "was", "were"),
             sizes::by_count(conflicts.count, "it", "them"));
  const std::size_t shown = std::min(kMostPrintedProblems, conflicts.first.size());
  for (std::size_t i = 0; i < shown; ++i) fmt::print("  {}\n", conflicts.first[i]);
  if (conflicts.count > static_cast<std::int64_t>(shown)) {
    fmt::print("  ... and {} more\n",
               sizes::print_count(conflicts.count - static_cast<std::int64_t>(shown)));
  }
}

std::string describe_load(const recovery::LoadOutcome& outcome, std::chrono::milliseconds took) {
  return fmt::format("{}, {}, {} in {}", sizes::print_counted(outcome.entities, "entity"),
                     sizes::print_counted(outcome.associations, "association"),
                     sizes::print_counted(outcome.words, "word"), sizes::print_duration(took));
}

std::string describe_load_since(const recovery::LoadOutcome& outcome,
                                std::chrono::steady_clock::time_point begun) {
  return describe_load(outcome, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::steady_clock::now() - begun));
}

}  // namespace redkeep::app
