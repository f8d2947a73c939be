#include "guard/does_not_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "guard/census_turn.h"
#include "guard/emergency.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

constexpr std::size_t kMostClasses = 3;

// Those that nothing may shed and whose size is known, the largest first.
std::vector<ClassUse> kept_classes(const Statistics& census, const keys::ClassTable& table) {
  std::vector<ClassUse> kept;
  for (const ClassUse& use : census.classes) {
    const auto index = table.find(use.name);
    const bool is_shed = index && table.at(*index).level == KeyLevel::Evictable &&
                         table.at(*index).shed_at != ShedAt::Never;
    if (!is_shed && use.bytes && *use.bytes > 0) kept.push_back(use);
  }
  std::sort(kept.begin(), kept.end(),
            [](const ClassUse& one, const ClassUse& other) { return *one.bytes > *other.bytes; });
  return kept;
}

std::string_view why_kept(const ClassUse& use) {
  return use.level == KeyLevel::Evictable ? "never shed" : to_string(use.level);
}

// "; of that rate_limits 17.4 MiB (never shed), entities 3.1 MiB (protected), as counted 40 s ago".
std::string what_fills(const std::vector<ClassUse>& kept, const Counted& counted, bool is_old) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kept.size(), kMostClasses); ++i) {
    text += fmt::format("{} {} {} ({})", i == 0 ? "; of that" : ",", kept[i].name,
                        sizes::print_bytes(*kept[i].bytes), why_kept(kept[i]));
  }
  if (counted.statistics.unclassified_keys > 0) {
    text += fmt::format("{} {} of no class", text.empty() ? "; of that" : ",",
                        sizes::print_counted(counted.statistics.unclassified_keys, "key"));
  }
  if (text.empty()) return text;
  text += fmt::format(", as counted {} ago", sizes::print_duration(counted.ago));
  if (!is_old) return text;
  return text + fmt::format(" when {} were used, so what has filled the memory since is not in it",
                            sizes::print_bytes(counted.statistics.memory.used_bytes));
}

// Protected data is blamed only where it is known to be what fills the memory.
std::string_view what_does_not_fit(const std::vector<ClassUse>& kept, bool is_old) {
  std::int64_t evictable_bytes = 0;
  std::int64_t all_bytes = 0;
  for (const ClassUse& use : kept) {
    all_bytes += *use.bytes;
    if (use.level == KeyLevel::Evictable) evictable_bytes += *use.bytes;
  }
  if (all_bytes == 0 || is_old) return "what is never shed";
  return 2 * evictable_bytes > all_bytes ? "what is never shed although it has a TTL"
                                         : "the protected data";
}

}  // namespace

std::string does_not_fit(const MemoryUse& memory, std::int64_t missing_bytes,
                         const std::optional<Counted>& counted, const keys::ClassTable& table,
                         const PressureOptions& options) {
  const auto kept = counted ? kept_classes(counted->statistics, table) : std::vector<ClassUse>{};
  const bool is_old = counted && has_moved(counted->statistics.memory.used_bytes, memory.used_bytes,
                                           memory.limit_bytes);
  const std::string missing = missing_bytes > 0 ? fmt::format(", and {} of content are missing",
                                                              sizes::print_bytes(missing_bytes))
                                                : "";
  const auto needed = limit_needed_bytes(memory.used_bytes + missing_bytes, options);
  return fmt::format(
      "{} does not fit: {} ({} bytes) are used and nothing is left to shed{}{}; the limit is {}, "
      "and "
      "{} ({} bytes) are needed to be below the stop mark",
      what_does_not_fit(kept, is_old), sizes::print_bytes(memory.used_bytes), memory.used_bytes,
      counted ? what_fills(kept, *counted, is_old) : "", missing,
      sizes::print_bytes(memory.limit_bytes), sizes::print_bytes(needed), needed);
}

}  // namespace redkeep::guard
