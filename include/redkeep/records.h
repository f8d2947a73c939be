#pragma once
// The content graph's records: what CSV rows, the library's calls and Redis keys all stand for.
#include <cstdint>
#include <string>
#include <vector>

namespace redkeep {

/// A node of the content graph. An empty optional field means absent.
struct Entity {
  std::string id;             ///< UUID, canonical lower case.
  std::string type;           ///< `[a-z][a-z0-9_-]*`: snippet, theme, page, user, plugin or custom.
  std::string semantic_name;  ///< Optional: `$` and 1 to 128 of `[a-z0-9_.-]`, unique per type.
  std::string data;           ///< A JSON object, kept byte for byte.
  std::string created_by;     ///< Optional.
  std::string created_at;     ///< Optional.
  std::string updated_at;     ///< Optional.

  friend bool operator==(const Entity&, const Entity&) = default;
};

/// An edge of the content graph, named by its path. `contains` makes the tree: one parent a child.
struct Association {
  std::string parent_id;
  std::string child_id;
  std::string path;         ///< Unique.
  std::string type;         ///< contains, references, extends, or custom (`[a-z][a-z0-9_-]*`).
  std::int32_t weight = 0;  ///< Orders siblings, lowest first.

  bool is_containment() const { return type == "contains"; }
  friend bool operator==(const Association&, const Association&) = default;
};

}  // namespace redkeep
