#pragma once
// What an audit holds each class of keys to: its level, TTL and type, and what its keys refer to.
// Pure.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/class_table.h"

namespace redkeep::drift {

/// What a key of the content graph says of others; None for all other keys.
enum class Role {
  None,
  Entity,
  EntityType,
  SemanticName,
  Association,
  Children,
  Parent,
  Links,
  Words,
  TypeIndex,
};

struct ClassRule {
  std::string name;
  KeyLevel level = KeyLevel::Protected;
  std::optional<std::chrono::seconds> ttl;  ///< Of evictable classes.
  std::string_view type;                    ///< "hash", as TYPE says it; empty: any.
  Role role = Role::None;

  /// Protected and rebuildable keys have no TTL.
  bool lasts() const { return level != KeyLevel::Evictable; }
};

/// In the table's order. Types and roles are those of the built-in classes: a class of the same
/// name that a configuration gave other patterns may hold anything.
std::vector<ClassRule> class_rules(const keys::ClassTable& table);

/// What a key has behind its class's first component: "page:1" of "reed:entity:page:1". Empty if it
/// has none.
std::string_view key_rest(std::string_view key, std::size_t prefix_bytes);

}  // namespace redkeep::drift
