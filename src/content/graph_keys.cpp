#include "content/graph_keys.h"

namespace redkeep::content {

HashFields entity_fields(const EntityView& entity, std::string_view path,
                         std::string_view version) {
  HashFields fields;
  fields.add("type", entity.type);
  fields.add("data", entity.data);
  fields.add_if_present("semantic_name", entity.semantic_name);
  fields.add_if_present("created_by", entity.created_by);
  fields.add_if_present("created_at", entity.created_at);
  fields.add_if_present("updated_at", entity.updated_at);
  fields.add_if_present("path", path);
  fields.add_if_present("version", version);
  return fields;
}

HashFields association_fields(const AssociationView& association) {
  HashFields fields;
  fields.add("parent_id", association.parent_id);
  fields.add("child_id", association.child_id);
  fields.add("type", association.type);
  fields.add("weight", association.weight);
  return fields;
}

}  // namespace redkeep::content
