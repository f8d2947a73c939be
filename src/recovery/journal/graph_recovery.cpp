#include "recovery/journal/graph_recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "sizes/sizes.h"

namespace redkeep::recovery {

std::string describe_saved(const BroughtBase& base) {
  return fmt::format(
      "{} that {} does not have {} removed from Redis, and what differed from it was overwritten: "
      "all of that is saved in {}; what is still wanted of it has to be stored again",
      sizes::print_counted(base.removed_keys, "key"), base.name,
      sizes::by_count(base.removed_keys, "was", "were"), base.saved_directory);
}

void GraphRecovery::begin(std::string what, std::int64_t up_to) {
  if (!up_to_) {
    saved_.clear();
    since_ = std::chrono::steady_clock::now();
  }
  what_ = std::move(what);
  up_to_ = up_to;
  has_base_ = false;
  base_name_.clear();
}

void GraphRecovery::note_base(const BroughtBase& base) {
  from_ = base.position;
  has_base_ = true;
  base_name_ = base.name;
  changed_keys_ = base.changed_keys;
  if (base.saved_directory.empty()) return;
  if (!saved_.empty()) saved_ += "; ";
  saved_ += describe_saved(base);
}

const GraphRecovery::Report& GraphRecovery::end(std::int64_t position) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - since_);
  Report report;
  if (!has_base_) {
    report.sentence = fmt::format("{}; brought forward by the journal up to position {} in {}",
                                  what_, position, sizes::print_duration(took));
  } else {
    const std::string base =
        base_name_.empty()
            ? std::string()
            : fmt::format("{} ({}) and ", base_name_, sizes::print_counted(changed_keys_, "key"));
    report.sentence =
        fmt::format("{}; brought forward by {}the journal from position {} to {} in {}", what_,
                    base, from_, position, sizes::print_duration(took));
  }
  report.saved = saved_;
  up_to_.reset();
  return report_.emplace(std::move(report));
}

}  // namespace redkeep::recovery
