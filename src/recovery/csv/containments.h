#pragma once
// Who contains whom, and under which path: what has to be known of associations.csv before the
// entities are written. Takes about 40 bytes and the path for each contained entity.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::recovery {

class Containments {
 public:
  struct Closing {
    std::uint32_t line;
    std::string_view path;
  };

  /// Remembers the containment of a line; the path of the one before, if the child had a parent
  /// already. `path` is not empty.
  std::optional<std::string_view> add(std::string_view parent_id, std::string_view child_id,
                                      std::string_view path, std::uint32_t line);

  /// The path by which an entity is contained; empty if it is not.
  std::string_view path_of(std::string_view child_id) const;

  /// Takes the last line's containment out of each cycle, and says which these were.
  std::vector<Closing> break_cycles();

  std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    std::uint64_t child;
    std::uint64_t parent;
    std::uint64_t path_start;
    std::uint32_t path_size;  // 0: taken out
    std::uint32_t line;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t above(std::size_t node) const;
  std::size_t slot_of(std::uint64_t child) const;
  std::string_view path(const Node& node) const {
    return std::string_view(arena_).substr(node.path_start, node.path_size);
  }
  void grow();

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> slots_;  // open addressing: a node's place + 1, 0 = free
  std::string arena_;
};

}  // namespace redkeep::recovery
