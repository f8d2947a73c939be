#include "discover/discovery.h"

#include <algorithm>

#include "error/error.h"
#include "keys/class_table.h"

namespace redkeep::discover {
namespace {

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
  family.detail.ttl.add(key.ttl);
  if (family.example.empty()) family.example = printable(key.key, 80);
}

}  // namespace

Discovery discover_families(const std::vector<KeyFact>& keys,
                            const census::Population& population) {
  const auto table = table_of(find_patterns(keys));
  const std::size_t count = table.classes().size();
  Discovery discovery;
  std::vector<Family> families(count + 1);
  for (std::size_t i = 0; i < count; ++i) families[i].pattern = table.at(i).patterns.front();
  std::vector<census::Observation> observations;
  for (const auto& key : keys) {
    const auto group = table.classify(key.key).value_or(count);
    observations.push_back({key.page, static_cast<std::uint32_t>(group), key.bytes});
    add(key, families[group]);
  }
  discovery.estimate = census::estimate_groups(observations, families.size(), population);
  for (std::size_t i = 0; i < families.size(); ++i) {
    families[i].estimate = discovery.estimate.groups[i];
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
