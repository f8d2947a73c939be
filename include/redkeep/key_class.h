#pragma once
// Key classes: which keys hold what, and what may become of them.
//
// A class is a name, patterns and a level. In a pattern `{name}` stands for one component (one or
// more characters, none of them ':'), `*` for any rest; everything else is literal. Patterns do not
// contain the prefix: it is put in front once, by the key schema. Where several patterns match a
// key, the one with more literal characters wins; at equal length the more protected level.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace redkeep {

enum class KeyLevel {
  Protected,    ///< The truth. No TTL, never deleted to make room.
  Rebuildable,  ///< Derived from the truth. No TTL; the shedder never touches it.
  Evictable,    ///< Has a TTL, may go.
};

/// From which pressure level on a class may be shed.
enum class ShedAt { Never, Warning, Critical };

struct KeyClass {
  std::string name;
  std::vector<std::string> patterns;
  KeyLevel level = KeyLevel::Protected;
  /// The TTL that its entries are written with; only evictable classes have one.
  std::optional<std::chrono::seconds> ttl;
  ShedAt shed_at = ShedAt::Never;
  /// Lower goes first, among the classes that may be shed.
  int shed_order = 0;
  /// What the class may take at most, in bytes or in percent of the limit; beyond it, it is trimmed
  /// even when memory is free. Only evictable classes that may be shed have one.
  std::optional<std::int64_t> quota_bytes;
  std::optional<double> quota_pct;
};

/// The built-in classes (content graph, caches, sessions, locks), in the order they are shown.
std::vector<KeyClass> default_key_classes();

}  // namespace redkeep
