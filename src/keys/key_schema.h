#pragma once
// The one place where keys are built. Every function returns the whole key, prefix included, so
// that a prefix is never applied twice. The table of keys is in docs/data-model.md. Pure.
#include <string>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::keys {

/// The longest cache component that is kept whole; a longer one keeps its first 200 bytes and ends
/// in a 64-bit hash (XXH3) of the whole.
inline constexpr std::size_t kMaxComponentBytes = 256;

/// Percent-encodes what would be taken for structure: `:`, `%`, `{`, `}` and control characters
/// (below U+0020, and U+007F). Everything else stays, so `/a/b` and `/a_b` stay different.
std::string encode_component(std::string_view component);

/// The reverse of encode_component; malformed escapes stay as they are.
std::string decode_component(std::string_view component);

class KeySchema {
 public:
  explicit KeySchema(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::string& prefix() const { return prefix_; }

  // The content graph. Components are taken as valid (content/ checks them): ids are UUIDs, types
  // and semantic names have no separators; paths and words are encoded here.
  std::string entity(std::string_view type, std::string_view id) const;
  std::string type_of(std::string_view id) const;
  std::string semantic(std::string_view type, std::string_view name) const;
  std::string association(std::string_view path) const;
  std::string children(std::string_view parent_id) const;
  std::string parent(std::string_view child_id) const;
  std::string links(std::string_view id) const;
  std::string word(std::string_view word) const;
  std::string type_index(std::string_view type) const;
  std::string guard(std::string_view what) const;

  // Caches.
  std::string page(std::string_view path, std::string_view locale, std::string_view theme) const;
  std::string query(std::string_view hash) const;
  std::string asset(std::string_view type, std::string_view hash) const;
  std::string page_template(std::string_view name, std::string_view theme) const;
  std::string temporary(std::string_view operation, std::string_view id) const;
  std::string session(std::string_view id) const;
  std::string csrf(std::string_view token) const;
  std::string rate(std::string_view action, std::string_view identifier) const;
  std::string lock(std::string_view resource) const;

 private:
  std::string prefix_;
};

}  // namespace redkeep::keys
