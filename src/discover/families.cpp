// A tree by components, cut where a component says nothing: at each node the keys are grouped by
// their next component, groups that behave alike are joined, and each is looked at further. The
// decision is made before a group is looked at further, since what follows has to be looked at for
// all of a family's keys together: a locale that is one word below each path is a variable below
// all of them.
#include "discover/families.h"

#include <algorithm>
#include <map>

#include "discover/siblings.h"

namespace redkeep::discover {
namespace {

using Members = std::vector<std::size_t>;

constexpr std::size_t kLeastKeys = 3;
// At the beginning of keys a name is one from a five-thousandth on; further inside, where values
// are more likely than names, from a fiftieth.
constexpr std::size_t kRootPart = 5000;
constexpr std::size_t kInnerPart = 50;
// With more beginnings than this they are values themselves, such as tenants.
constexpr std::size_t kMostRoots = 64;

// What the components before were.
enum class Before { Names, Id, Values };

class FamilyFinder {
 public:
  FamilyFinder(const std::vector<KeyFact>& keys, std::int64_t large_bytes)
      : keys_(keys), is_in_family_(keys.size()) {
    Members all;
    for (const auto& key : keys) {
      shapes_.push_back(components_of(key.key));
      all.push_back(all.size());
    }
    if (!all.empty()) split(all, 0, "", Before::Names);
    name_large_keys(large_bytes);
  }

  std::vector<std::string> result() const {
    std::vector<std::pair<std::size_t, std::string>> by_keys;
    for (const auto& [pattern, keys] : found_) by_keys.emplace_back(keys, pattern);
    std::sort(by_keys.begin(), by_keys.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<std::string> patterns;
    for (auto& [keys, pattern] : by_keys) patterns.push_back(std::move(pattern));
    return patterns;
  }

 private:
  void add(const std::string& pattern, const Members& members) {
    if (members.size() < kLeastKeys) return;
    // One that begins with a variable would match everything; a class cannot say it.
    if (pattern.empty() || pattern.front() == '{' || pattern.front() == '*') return;
    found_[pattern] += members.size();
    for (const auto member : members) is_in_family_[member] = true;
  }

  // `pattern` is what the members have in common before component `depth`.
  void split(const Members& members, std::size_t depth, const std::string& pattern, Before before) {
    Members going;
    Members ending;
    Members open;
    for (const auto member : members) {
      const auto& shape = shapes_[member];
      const bool is_open = shape.size() > depth && shape[depth].is_open;
      (is_open ? open : shape.size() > depth ? going : ending).push_back(member);
    }
    add(pattern, ending);
    // A pattern of what was looked at would not match the whole keys.
    if (depth > 0) add(pattern + ":*", open);
    if (going.empty()) return;
    // What all keys begin with is the application's prefix: the names of families come behind it.
    const bool is_root = before == Before::Names && going.size() * 50 >= keys_.size() * 49;
    for (const auto& sibling : siblings_of(going, depth, is_root, before == Before::Id)) {
      const std::string longer = depth == 0 ? sibling.piece : pattern + ":" + sibling.piece;
      if (sibling.is_variable && is_free_text(sibling.members, depth + 1)) {
        add(depth == 0 ? longer : pattern + ":*", sibling.members);
      } else {
        const Before last = sibling.follows_id ? Before::Id : Before::Values;
        split(sibling.members, depth + 1, longer, sibling.is_literal ? before : last);
      }
    }
  }

  std::vector<Sibling> siblings_of(const Members& members, std::size_t depth, bool is_root,
                                   bool after_id) const {
    const auto names = [&] {
      auto siblings = grouped(members, depth, keys_.size() / kRootPart);
      // Words that hardly any key has are rare names, and no values of a variable beside the names.
      std::erase_if(siblings, [&](const Sibling& sibling) {
        return sibling.piece == kWords && sibling.members.size() * kInnerPart < members.size();
      });
      return siblings;
    };
    if (is_root) {
      auto siblings = names();
      if (siblings.size() <= kMostRoots) return siblings;
      return join_alike(std::move(siblings), after_id);
    }
    auto siblings = grouped(members, depth, members.size() / kInnerPart);
    // Where the large ones are names, so are the small ones.
    if (are_names(siblings)) return names();
    return join_alike(std::move(siblings), after_id);
  }

  std::vector<Sibling> grouped(const Members& members, std::size_t depth, std::size_t least) const {
    const std::function<const Component&(std::size_t)> component =
        [this, depth](std::size_t member) -> const Component& { return shapes_[member][depth]; };
    auto siblings = group_by_component(members, std::max(kLeastKeys, least), component);
    for (auto& sibling : siblings) {
      sibling.behaviour =
          behaviour_of(keys_, sibling.members, components_behind(sibling.members, depth));
    }
    return siblings;
  }

  std::vector<std::size_t> components_behind(const Members& members, std::size_t depth) const {
    std::vector<std::size_t> components;
    for (const auto member : members) components.push_back(shapes_[member].size() - depth - 1);
    return components;
  }

  // Text that has colons by chance: as many components as you like, and one type.
  bool is_free_text(const Members& members, std::size_t depth) const {
    constexpr std::size_t kLengths = 3;
    std::map<std::size_t, std::size_t> lengths;
    for (const auto member : members) ++lengths[shapes_[member].size() - depth];
    const auto frequent = std::count_if(lengths.begin(), lengths.end(), [&](const auto& entry) {
      return entry.second * 20 >= members.size();
    });
    return static_cast<std::size_t>(frequent) >= kLengths &&
           behaviour_of(keys_, members, components_behind(members, depth - 1)).type != "mixed";
  }

  // A leaderboard, a queue: what is in a family has that one's name, however large it is.
  void name_large_keys(std::int64_t large_bytes) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const bool is_plain = std::all_of(shapes_[i].begin(), shapes_[i].end(),
                                        [](const Component& part) { return part.is_plain; });
      const bool is_whole = keys_[i].key.size() < kMostKeyBytes && !keys_[i].key.empty();
      const bool is_large = keys_[i].bytes >= large_bytes && !is_in_family_[i];
      if (is_plain && is_whole && is_large) found_.emplace(keys_[i].key, 1);
    }
  }

  const std::vector<KeyFact>& keys_;
  std::vector<std::vector<Component>> shapes_;
  std::vector<bool> is_in_family_;
  std::map<std::string, std::size_t> found_;  // patterns, and how many keys led to them
};

}  // namespace

std::vector<std::string> find_patterns(const std::vector<KeyFact>& keys, std::int64_t large_bytes) {
  return FamilyFinder(keys, large_bytes).result();
}

}  // namespace redkeep::discover
