#pragma once
// What the server's eviction would do to each class of keys when it reaches its limit. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "keys/class_table.h"

namespace redkeep::doctor {

enum class EvictionFate {
  Kept,         ///< Never evicted: its keys have no TTL, or nothing is evicted.
  EvictedSoon,  ///< Among the first: its keys have the shortest TTLs, and these go first.
  EvictedLast,  ///< Among the last of those that may go.
  EvictedAny,   ///< As any other key that may go, by use or by chance, whatever its class.
};
std::string_view to_string(EvictionFate fate);

struct ClassOutlook {
  std::string name;
  KeyLevel level = KeyLevel::Protected;
  EvictionFate fate = EvictionFate::Kept;
  bool is_wrong = false;  ///< It breaks what the class promises.
  std::string text;       ///< The same as a sentence's end: "evicted first: ...".
};

/// In the table's order. `policy` is maxmemory_policy as INFO has it; empty or unknown counts as
/// one that may evict anything.
std::vector<ClassOutlook> eviction_outlook(std::string_view policy, const keys::ClassTable& table);

}  // namespace redkeep::doctor
