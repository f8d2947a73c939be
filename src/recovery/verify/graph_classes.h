#pragma once
// Which keys are the content graph's, and what kind of value each has. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/class_table.h"

namespace redkeep::recovery {

enum class ValueKind { Hash, String, Set };

/// "hash", "string", "set": as TYPE says it.
std::string_view to_string(ValueKind kind);

/// By the built-in classes: the graph's keys are built by the schema, whatever is configured.
/// Caches, queues and the guard's own keys are none of them, nor is anything outside the prefix.
class GraphClasses {
 public:
  static Result<GraphClasses> create(const std::string& prefix);

  /// Nothing: the key is not the graph's.
  std::optional<ValueKind> kind_of(std::string_view key) const;
  /// Whether it is an entity's hash: applications' `version` is no content.
  bool is_entity(std::string_view key) const;

  /// For SCAN MATCH: all keys under the prefix.
  std::string scan_glob() const { return table_.scan_glob(); }

 private:
  explicit GraphClasses(keys::ClassTable table) : table_(std::move(table)) {}

  keys::ClassTable table_;
  std::vector<std::optional<ValueKind>> kinds_;  // by class
  keys::ClassIndex entities_ = 0;
};

}  // namespace redkeep::recovery
