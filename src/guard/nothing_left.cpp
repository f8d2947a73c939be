#include "guard/nothing_left.h"

#include <fmt/format.h>

#include <algorithm>

#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

bool may_have_keys(const std::optional<Statistics>& census, const std::string& name) {
  if (!census) return true;
  return std::any_of(census->classes.begin(), census->classes.end(),
                     [&](const ClassUse& use) { return use.name == name && use.keys > 0; });
}

}  // namespace

std::string nothing_left_at_warning(const std::optional<Statistics>& census,
                                    const keys::ClassTable& table, const PressureOptions& marks) {
  std::string names;
  for (const auto& key_class : table.classes()) {
    if (key_class.shed_at != ShedAt::Critical || !may_have_keys(census, key_class.name)) continue;
    names += (names.empty() ? "" : ", ") + key_class.name;
  }
  const std::string nothing = "nothing is left that may go at warning";
  if (names.empty()) return nothing;
  return fmt::format("{}; {} go only at {}", nothing, names, sizes::print_pct(marks.emergency_pct));
}

}  // namespace redkeep::guard
