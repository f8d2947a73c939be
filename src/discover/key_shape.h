#pragma once
// What a key of an unknown application looks like: its components between colons, and in each of
// them what is a word and what is an id. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::discover {

/// Stands for an id in a skeleton.
inline constexpr char kId = '\x01';

enum class IdKind { None, Number, Uuid, Hash, Other };

struct Component {
  std::string text;
  /// The text with each id as one kId: "celery-task-meta-<uuid>" -> "celery-task-meta-\x01". What a
  /// pattern cannot hold (control characters, broken UTF-8, what cannot be seen, quotes, braces,
  /// `*`) counts as ids.
  std::string skeleton;
  bool has_word = false;  ///< Any letters outside of ids.
  bool is_plain = false;  ///< Holds nothing that a pattern cannot hold.
  /// The last one that was looked at: how it goes on, and how many there are behind it, is not
  /// known.
  bool is_open = false;
  IdKind kind = IdKind::None;  ///< Of a component without words.

  bool has_id() const { return skeleton.find(kId) != std::string::npos; }
};

/// Longer keys are looked at this far.
inline constexpr std::size_t kMostKeyBytes = 512;
/// With more components the rest is the last one.
inline constexpr std::size_t kMostComponents = 12;

/// Of the key's first kMostKeyBytes; at least one, possibly empty.
std::vector<Component> components_of(std::string_view key);

/// A skeleton as the text of a pattern: each run of ids, with what separates them, as one `{id}`.
std::string pattern_of(std::string_view skeleton, std::string_view id = "id");

/// Neither a letter, a digit, nor part of a character beyond ASCII: what stands between words.
bool is_separator(char c);

}  // namespace redkeep::discover
