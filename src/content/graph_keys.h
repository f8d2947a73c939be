#pragma once
// What a record stands for in Redis: its keys, and the fields of its hash. The loader writes them in
// bulk and the library one record at a time, from the same functions. Pure.
#include <array>
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

/// entity:{type}:{id}. `path` is that of the containment that the entity is the child of; empty: none.
HashFields entity_fields(const EntityView& entity, std::string_view path);

/// assoc:{path}.
HashFields association_fields(const AssociationView& association);

}  // namespace redkeep::content
