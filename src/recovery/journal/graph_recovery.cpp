#include "recovery/journal/graph_recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "sizes/sizes.h"

namespace redkeep::recovery {

std::string describe_differences(const BroughtBase& base) {
  std::string text;
  if (!base.saved_directory.empty()) {
    text = fmt::format(
        "{} that {} does not have {} removed from Redis, and what differed from it was "
        "overwritten: all of that is saved in {}; what is still wanted of it has to be stored "
        "again",
        sizes::print_counted(base.removed_keys, "key"), base.name,
        sizes::by_count(base.removed_keys, "was", "were"), base.saved_directory);
  }
  if (base.left_keys == 0) return text;
  if (!text.empty()) text += "; ";
  return text +
         fmt::format(
             "{} {} in Redis that {} does not have: removed before it was written, or stored "
             "past the journal. `redkeep verify --data` names them, and while no guard runs "
             "on it `redkeep repair --data ... --remove-orphans` removes them",
             sizes::print_counted(base.left_keys, "key"),
             sizes::by_count(base.left_keys, "is", "are"), base.name);
}

void GraphRecovery::begin(std::string what, std::int64_t up_to) {
  if (!up_to_) {
    differences_.clear();
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
  const std::string differences = describe_differences(base);
  if (!differences_.empty() && !differences.empty()) differences_ += "; ";
  differences_ += differences;
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
  report.differences = differences_;
  up_to_.reset();
  return report_.emplace(std::move(report));
}

}  // namespace redkeep::recovery
