#include "doctor/eviction_outlook.h"

#include <algorithm>

#include "error/error.h"
#include "redis/capabilities.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

std::string how_chosen(std::string_view policy) {
  if (policy.ends_with("-lru")) return "the longest unused first";
  if (policy.ends_with("-lfu")) return "the least used first";
  if (policy.ends_with("-lrm")) return "the longest unchanged first";
  if (policy.ends_with("-random")) return "by chance";
  return "in an order that is not known";
}

std::string ttl_text(const KeyClass& key_class) {
  return key_class.ttl ? sizes::print_duration(*key_class.ttl) : "its own";
}

// Whether some class of caches, which may be shed, has a longer TTL than this one.
bool goes_before_caches(const KeyClass& key_class, const std::vector<KeyClass>& classes) {
  if (!key_class.ttl) return false;
  return std::any_of(classes.begin(), classes.end(), [&](const KeyClass& other) {
    return other.level == KeyLevel::Evictable && other.shed_at == ShedAt::Warning && other.ttl &&
           *other.ttl > *key_class.ttl;
  });
}

void foresee_by_ttl(const KeyClass& key_class, const std::vector<KeyClass>& classes,
                    ClassOutlook& outlook) {
  const bool is_cache = key_class.shed_at == ShedAt::Warning;
  const bool before_caches = goes_before_caches(key_class, classes);
  outlook.fate = before_caches ? EvictionFate::EvictedSoon : EvictionFate::EvictedLast;
  outlook.is_wrong = before_caches && !is_cache;
  outlook.text = before_caches
                     ? fmt::format("evicted early: its TTL ({}) is shorter than that of {}caches",
                                   ttl_text(key_class), is_cache ? "other " : "")
                     : fmt::format("evicted late: its TTL ({}) is long", ttl_text(key_class));
}

}  // namespace

std::string_view to_string(EvictionFate fate) {
  switch (fate) {
    case EvictionFate::Kept: return "kept";
    case EvictionFate::EvictedSoon: return "evicted-soon";
    case EvictionFate::EvictedLast: return "evicted-last";
    case EvictionFate::EvictedAny: return "evicted-any";
  }
  return "unknown";
}

std::vector<ClassOutlook> eviction_outlook(std::string_view policy, const keys::ClassTable& table) {
  std::vector<ClassOutlook> outlooks;
  for (const auto& key_class : table.classes()) {
    ClassOutlook outlook;
    outlook.name = key_class.name;
    outlook.level = key_class.level;
    const bool is_evictable = key_class.level == KeyLevel::Evictable;
    if (policy == "noeviction") {
      outlook.text = "kept; writes to it are answered with OOM";
    } else if (redis::is_safe_policy(policy) && !is_evictable) {
      outlook.text = "kept: it has no TTL";
    } else if (policy == "volatile-ttl") {
      foresee_by_ttl(key_class, table.classes(), outlook);
    } else {
      outlook.fate = EvictionFate::EvictedAny;
      outlook.is_wrong = !is_evictable;
      outlook.text =
          fmt::format("evicted with all others{}, {}",
                      redis::is_safe_policy(policy) ? " that have a TTL" : "", how_chosen(policy));
    }
    outlooks.push_back(std::move(outlook));
  }
  return outlooks;
}

}  // namespace redkeep::doctor
