#include "recovery/csv/containments.h"

#include "keys/fingerprint_set.h"

namespace redkeep::recovery {

std::size_t Containments::slot_of(std::uint64_t child) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = child & mask;
  while (slots_[i] != 0 && nodes_[slots_[i] - 1].child != child) i = (i + 1) & mask;
  return i;
}

void Containments::grow() {
  slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, 0);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    slots_[slot_of(nodes_[i].child)] = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<std::string_view> Containments::add(std::string_view parent_id,
                                                  std::string_view child_id,
                                                  std::string_view path_text, std::uint32_t line) {
  if (2 * (nodes_.size() + 1) > slots_.size()) grow();
  const auto child = keys::fingerprint(child_id);
  const std::size_t slot = slot_of(child);
  if (slots_[slot] != 0) return path(nodes_[slots_[slot] - 1]);
  nodes_.push_back({child, keys::fingerprint(parent_id), arena_.size(),
                    static_cast<std::uint32_t>(path_text.size()), line});
  arena_ += path_text;
  slots_[slot] = static_cast<std::uint32_t>(nodes_.size());
  return std::nullopt;
}

std::string_view Containments::path_of(std::string_view child_id) const {
  if (slots_.empty()) return {};
  const std::size_t slot = slot_of(keys::fingerprint(child_id));
  return slots_[slot] == 0 ? std::string_view() : path(nodes_[slots_[slot] - 1]);
}

// The containment of a node's parent; kNone if that is contained nowhere.
std::size_t Containments::above(std::size_t node) const {
  if (nodes_[node].path_size == 0) return kNone;
  const std::uint32_t found = slots_[slot_of(nodes_[node].parent)];
  return found == 0 ? kNone : found - 1;
}

// Each walk up marks its nodes with its own number; meeting that number again closes a cycle,
// meeting another one was walked before.
std::vector<Containments::Closing> Containments::break_cycles() {
  std::vector<Closing> found;
  std::vector<std::uint32_t> walk_of(nodes_.size(), 0);
  for (std::size_t start = 0; start < nodes_.size(); ++start) {
    const auto walk = static_cast<std::uint32_t>(start + 1);
    std::size_t at = start;
    while (at != kNone && walk_of[at] == 0) {
      walk_of[at] = walk;
      at = above(at);
    }
    if (at == kNone || walk_of[at] != walk) continue;
    std::size_t last = at;
    for (std::size_t i = above(at); i != at; i = above(i)) {
      if (nodes_[i].line > nodes_[last].line) last = i;
    }
    found.push_back({nodes_[last].line, path(nodes_[last])});
    nodes_[last].path_size = 0;
  }
  return found;
}

}  // namespace redkeep::recovery
