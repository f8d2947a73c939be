#include "discover/kinship.h"

#include <algorithm>
#include <map>

namespace redkeep::discover {
namespace {

// What so large a part of `counts` has, or `none`.
template <class Value>
Value common(const std::map<Value, std::size_t>& counts, std::size_t all, double part, Value none) {
  for (const auto& [value, count] : counts) {
    if (static_cast<double>(count) >= part * static_cast<double>(all)) return value;
  }
  return none;
}

}  // namespace

Behaviour behaviour_of(const std::vector<KeyFact>& keys, const std::vector<std::size_t>& members,
                       const std::vector<std::size_t>& components) {
  constexpr double kMostOfType = 0.9;
  constexpr double kMostOfComponents = 0.8;
  std::map<std::string, std::size_t> types;
  std::map<std::size_t, std::size_t> lengths;
  std::size_t with_ttl = 0;
  Behaviour behaviour;
  behaviour.keys = members.size();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const KeyFact& key = keys[members[i]];
    ++types[key.type];
    ++lengths[components[i]];
    if (!key.ttl) continue;
    ++with_ttl;
    behaviour.longest_ttl = std::max(behaviour.longest_ttl, *key.ttl);
  }
  behaviour.type = common(types, members.size(), kMostOfType, std::string("mixed"));
  behaviour.components =
      common(lengths, members.size(), kMostOfComponents, std::size_t{Behaviour::kVarying});
  const double share = static_cast<double>(with_ttl) / static_cast<double>(members.size());
  behaviour.ttl = share >= kMostOfType         ? TtlHabit::All
                  : share <= 1.0 - kMostOfType ? TtlHabit::None
                                               : TtlHabit::Some;
  return behaviour;
}

bool are_alike(const Behaviour& a, const Behaviour& b) {
  // What is left of a TTL is anything up to the whole: of a few keys it says nothing of the whole.
  constexpr std::size_t kFew = 10;
  constexpr int kSameOrder = 4;
  if (a.type != b.type || a.ttl != b.ttl || a.components != b.components) return false;
  if (a.ttl != TtlHabit::All || a.keys < kFew || b.keys < kFew) return true;
  return a.longest_ttl <= kSameOrder * b.longest_ttl && b.longest_ttl <= kSameOrder * a.longest_ttl;
}

}  // namespace redkeep::discover
