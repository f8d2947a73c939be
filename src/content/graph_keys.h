#pragma once
// What a record stands for in Redis: its keys, and the fields of its hash. The loader writes them
// in bulk, the restore looks for what is missing of them and the library stores one record at a
// time, all from the same functions. Pure.
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "content/record_view.h"
#include "keys/key_schema.h"

namespace redkeep::content {

/// The fields of a record's hash, in the order they are written; at most eight.
class HashFields {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  void add(std::string_view name, std::string_view value) { fields_[size_++] = {name, value}; }
  void add_if_present(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  }
  const Field* begin() const { return fields_.data(); }
  const Field* end() const { return fields_.data() + size_; }
  std::size_t size() const { return size_; }

 private:
  std::array<Field, 8> fields_{};
  std::size_t size_ = 0;
};

/// entity:{type}:{id}. `path` is that of the containment that the entity is the child of, `version`
/// the journal's position of the last store; empty: none.
/// Here, so that nothing is made for a sink that takes keys alone.
inline HashFields entity_fields(const EntityView& entity, std::string_view path,
                                std::string_view version = {}) {
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

/// assoc:{path}.
inline HashFields association_fields(const AssociationView& association) {
  HashFields fields;
  fields.add("parent_id", association.parent_id);
  fields.add("child_id", association.child_id);
  fields.add("type", association.type);
  fields.add("weight", association.weight);
  return fields;
}

/// Gives every piece of an entity to `sink`, which has
///   hash(key, HashFields), string(key, value),
///   member(bytes) -> a token for it, in_set(key, token).
template <class Sink>
void spread(const keys::KeySchema& schema, const EntityView& entity, std::string_view path,
            std::span<const std::string_view> words, Sink& sink, std::string_view version = {}) {
  sink.hash(schema.entity(entity.type, entity.id), entity_fields(entity, path, version));
  sink.string(schema.type_of(entity.id), entity.type);
  if (!entity.semantic_name.empty()) {
    sink.string(schema.semantic(entity.type, entity.semantic_name), entity.id);
  }
  const auto member = sink.member(entity.id);
  sink.in_set(schema.type_index(entity.type), member);
  for (const auto word : words) sink.in_set(schema.word(word), member);
}

/// Whether `sink` wants the set of that entity's links. One that has no wants_links(id) wants all;
/// the key of one that is not wanted is not made.
template <class Sink>
bool wants_links(Sink& sink, std::string_view id) {
  if constexpr (requires { sink.wants_links(id); }) {
    return sink.wants_links(id);
  } else {
    return true;
  }
}

/// The same for an association.
template <class Sink>
void spread(const keys::KeySchema& schema, const AssociationView& association, Sink& sink) {
  sink.hash(schema.association(association.path), association_fields(association));
  if (association.is_containment()) {
    sink.in_set(schema.children(association.parent_id), sink.member(association.child_id));
    sink.string(schema.parent(association.child_id), association.parent_id);
    return;
  }
  const auto member = sink.member(association.path);
  for (const auto id : {association.parent_id, association.child_id}) {
    if (wants_links(sink, id)) sink.in_set(schema.links(id), member);
  }
}

}  // namespace redkeep::content
