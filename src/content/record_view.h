#pragma once
// Records as views into somebody else's bytes (a CSV row, a record, a reply): what the rules, the
// key builder and the loader work on, so that loading copies nothing.
#include <charconv>
#include <string>
#include <string_view>

#include "redkeep/records.h"

namespace redkeep::content {

struct EntityView {
  std::string_view id;
  std::string_view type;
  std::string_view semantic_name;
  std::string_view data;
  std::string_view created_by;
  std::string_view created_at;
  std::string_view updated_at;
};

struct AssociationView {
  std::string_view parent_id;
  std::string_view child_id;
  std::string_view path;
  std::string_view type;
  std::string_view weight;  ///< As written: a decimal 32-bit number.

  bool is_containment() const { return type == "contains"; }
};

inline EntityView view_of(const Entity& entity) {
  return {entity.id,         entity.type,       entity.semantic_name, entity.data,
          entity.created_by, entity.created_at, entity.updated_at};
}

inline Entity record_of(const EntityView& view) {
  return {
      std::string(view.id),        std::string(view.type),       std::string(view.semantic_name),
      std::string(view.data),      std::string(view.created_by), std::string(view.created_at),
      std::string(view.updated_at)};
}

/// Of a view that keeps the rules: another weight than a number counts as 0.
inline Association record_of(const AssociationView& view) {
  Association record{std::string(view.parent_id), std::string(view.child_id),
                     std::string(view.path), std::string(view.type), 0};
  std::from_chars(view.weight.data(), view.weight.data() + view.weight.size(), record.weight);
  return record;
}

/// `weight` must outlive the view.
inline AssociationView view_of(const Association& association, std::string_view weight) {
  return {association.parent_id, association.child_id, association.path, association.type, weight};
}

}  // namespace redkeep::content
