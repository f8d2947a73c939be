#include "discover/discovery.h"

#include <algorithm>
#include <cmath>

#include "error/error.h"
#include "keys/class_table.h"

namespace redkeep::discover {
namespace {

constexpr std::size_t kShownBytes = 80;
// More classes than a person reads.
constexpr std::size_t kMostFamilies = 200;
// A single key that takes so much of the server is worth a name of its own.
constexpr double kLargePart = 0.01;

std::int64_t large_bytes(const std::vector<KeyFact>& keys, const census::Population& population) {
  double all = 0;
  for (const auto& key : keys) all += static_cast<double>(key.bytes);
  if (!keys.empty()) all *= static_cast<double>(population.keys) / static_cast<double>(keys.size());
  if (population.most_bytes) all = std::min(all, static_cast<double>(*population.most_bytes));
  return std::max<std::int64_t>(1, std::llround(kLargePart * all));
}

bool is_literal(const std::string& pattern) {
  return pattern.find_first_of("{*") == std::string::npos;
}

// The patterns alone as classes: which one a key belongs to is decided as in a configuration. One
// that a configuration would refuse is left out.
keys::ClassTable table_of(const std::vector<std::string>& patterns) {
  std::vector<KeyClass> classes;
  for (const auto& pattern : patterns) {
    KeyClass made;
    made.name = std::to_string(classes.size());
    made.patterns = {pattern};
    if (keys::ClassTable::find_faults({made}).empty()) classes.push_back(std::move(made));
  }
  auto table = keys::ClassTable::compile("", std::move(classes));
  return std::move(table).value();
}

void add(const KeyFact& key, Family& family) {
  ++family.types[printable(key.type, 40)];
  family.detail.add_size(key.bytes, key.key);
  const bool is_first = key.ttl ? family.detail.ttl.with() == 0 : family.detail.ttl.counted() == 0;
  family.detail.ttl.add(key.ttl);
  if (is_first) family.example = printable(key.key, kShownBytes);
  if (!key.ttl && family.example_without_ttl.empty()) {
    family.example_without_ttl = printable(key.key, kShownBytes);
  }
}

// A key of an undecided family is in no class until that is decided, unless a pattern with fewer
// literal characters has it too: then it would get that one's TTL, or lose its own. True if there
// are such families, which are undecided from then on.
bool find_takers(const std::vector<KeyFact>& keys, const std::vector<std::size_t>& groups,
                 const keys::ClassTable& table, std::vector<Family>& families) {
  std::vector<KeyClass> decided;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < table.classes().size(); ++i) {
    if (families[i].is_undecided) continue;
    decided.push_back(table.at(i));
    places.push_back(i);
  }
  const auto remaining = keys::ClassTable::compile("", std::move(decided)).value();
  bool found = false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Family& owner = families[groups[i]];
    if (!owner.is_undecided) continue;
    const auto taker = remaining.classify(keys[i].key);
    if (!taker) continue;
    Family& family = families[places[*taker]];
    family.is_undecided = true;
    if (family.would_take.empty()) family.would_take = owner.pattern;
    found = true;
  }
  return found;
}

}  // namespace

Discovery discover_families(const std::vector<KeyFact>& keys,
                            const census::Population& population) {
  Discovery discovery;
  auto patterns = find_patterns(keys, large_bytes(keys, population));
  if (patterns.size() > kMostFamilies) {
    discovery.left_out_families = patterns.size() - kMostFamilies;
    patterns.resize(kMostFamilies);
  }
  const auto table = table_of(patterns);
  const std::size_t count = table.classes().size();
  std::vector<Family> families(count + 1);
  for (std::size_t i = 0; i < count; ++i) families[i].pattern = table.at(i).patterns.front();
  std::vector<census::Observation> observations;
  std::vector<std::size_t> groups;
  for (const auto& key : keys) {
    const auto group = table.classify(key.key).value_or(count);
    groups.push_back(group);
    observations.push_back({key.page, static_cast<std::uint32_t>(group), key.bytes});
    add(key, families[group]);
  }
  for (auto& observed : observations) {
    const Family& family = families[observed.group];
    observed.is_only =
        is_literal(family.pattern) && family.detail.sized_keys == 1 && observed.group < count;
  }
  discovery.estimate = census::estimate_groups(observations, families.size(), population);
  for (std::size_t i = 0; i < families.size(); ++i) {
    families[i].estimate = discovery.estimate.groups[i];
  }
  for (std::size_t i = 0; i < count; ++i) families[i].is_undecided = has_mixed_ttls(families[i]);
  while (find_takers(keys, groups, table, families)) {
  }
  discovery.rest = std::move(families.back());
  families.pop_back();
  // All of a family's keys may have gone to one with a closer pattern.
  std::erase_if(families, [](const Family& family) { return family.estimate.sampled_keys == 0; });
  std::stable_sort(families.begin(), families.end(), [](const Family& a, const Family& b) {
    return a.estimate.bytes.value > b.estimate.bytes.value;
  });
  discovery.families = std::move(families);
  return discovery;
}

}  // namespace redkeep::discover
