#include "recovery/verify/graph_classes.h"

#include <array>
#include <utility>

namespace redkeep::recovery {
namespace {

constexpr std::array<std::pair<std::string_view, ValueKind>, 9> kKinds{{
    {"entities", ValueKind::Hash},
    {"entity_types", ValueKind::String},
    {"semantic_names", ValueKind::String},
    {"associations", ValueKind::Hash},
    {"children", ValueKind::Set},
    {"parents", ValueKind::String},
    {"links", ValueKind::Set},
    {"search_index", ValueKind::Set},
    {"type_index", ValueKind::Set},
}};

}  // namespace

std::string_view to_string(ValueKind kind) {
  switch (kind) {
    case ValueKind::Hash: return "hash";
    case ValueKind::String: return "string";
    case ValueKind::Set: return "set";
  }
  return "unknown";
}

Result<GraphClasses> GraphClasses::create(const std::string& prefix) {
  auto table = keys::ClassTable::compile(prefix, default_key_classes());
  if (!table) return table.error();
  GraphClasses classes(std::move(*table));
  classes.kinds_.resize(classes.table_.classes().size());
  for (const auto& [name, kind] : kKinds) classes.kinds_[*classes.table_.find(name)] = kind;
  classes.entities_ = *classes.table_.find("entities");
  return classes;
}

std::optional<ValueKind> GraphClasses::kind_of(std::string_view key) const {
  const auto index = table_.classify(key);
  return index ? kinds_[*index] : std::nullopt;
}

bool GraphClasses::is_entity(std::string_view key) const {
  return table_.classify(key) == entities_;
}

}  // namespace redkeep::recovery
