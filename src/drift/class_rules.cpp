#include "drift/class_rules.h"

#include <algorithm>

namespace redkeep::drift {
namespace {

struct BuiltIn {
  std::string_view name;
  std::string_view type;
  Role role = Role::None;
};

// The column "type" of the table in docs/data-model.md; classes that may hold anything are not
// here.
constexpr BuiltIn kBuiltIn[] = {
    {"entities", "hash", Role::Entity},
    {"entity_types", "string", Role::EntityType},
    {"semantic_names", "string", Role::SemanticName},
    {"associations", "hash", Role::Association},
    {"children", "set", Role::Children},
    {"parents", "string", Role::Parent},
    {"links", "set", Role::Links},
    {"search_index", "set", Role::Words},
    {"type_index", "set", Role::TypeIndex},
    {"guard", "string"},
    {"page_cache", "string"},
    {"query_cache", "string"},
    {"asset_bundles", "string"},
    {"template_cache", "string"},
    {"sessions", "string"},
    {"csrf_tokens", "string"},
    {"locks", "string"},
};

bool is_built_in(const KeyClass& key_class, const std::vector<KeyClass>& built_in) {
  return std::any_of(built_in.begin(), built_in.end(), [&](const KeyClass& other) {
    return other.name == key_class.name && other.patterns == key_class.patterns;
  });
}

}  // namespace

std::vector<ClassRule> class_rules(const keys::ClassTable& table) {
  const auto built_in = default_key_classes();
  std::vector<ClassRule> rules;
  for (const auto& key_class : table.classes()) {
    ClassRule rule;
    rule.name = key_class.name;
    rule.level = key_class.level;
    rule.ttl = key_class.ttl;
    const auto* known = std::find_if(std::begin(kBuiltIn), std::end(kBuiltIn),
                                     [&](const BuiltIn& row) { return row.name == rule.name; });
    if (known != std::end(kBuiltIn) && is_built_in(key_class, built_in)) {
      rule.type = known->type;
      rule.role = known->role;
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string_view key_rest(std::string_view key, std::size_t prefix_bytes) {
  const auto colon = key.find(':', std::min(prefix_bytes, key.size()));
  return colon == std::string_view::npos ? std::string_view() : key.substr(colon + 1);
}

}  // namespace redkeep::drift
