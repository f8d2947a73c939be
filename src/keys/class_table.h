#pragma once
// Which class a key belongs to: the classes' patterns, compiled. Pure, and safe from any thread.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/key_class.h"
#include "redkeep/result.h"

namespace redkeep::keys {

/// A place in the table's list of classes.
using ClassIndex = std::size_t;

class ClassTable {
 public:
  struct Fault {
    ClassIndex index;
    std::string message;  ///< Names the class.
    /// The settings that it was judged by; none: one pattern alone.
    std::vector<std::string_view> settings;
  };

  /// All that is wrong with the classes, in their order: names, patterns, levels and TTLs.
  static std::vector<Fault> find_faults(const std::vector<KeyClass>& classes);

  /// Fails with the first fault.
  static Result<ClassTable> compile(const std::string& prefix, std::vector<KeyClass> classes);

  const std::vector<KeyClass>& classes() const { return classes_; }
  const KeyClass& at(ClassIndex index) const { return classes_[index]; }

  /// The class of a whole key (prefix included); nothing if the key is not one of ours.
  std::optional<ClassIndex> classify(std::string_view key) const;

  /// The index of a class by name.
  std::optional<ClassIndex> find(std::string_view name) const;

  const std::string& prefix() const { return prefix_; }

  /// A glob for SCAN MATCH that covers every class of the table (the prefix, its glob characters
  /// escaped, and `*`).
  std::string scan_glob() const;
  /// The same for these classes alone: what they have in common at their beginning, and `*`.
  std::string scan_glob(const std::vector<ClassIndex>& classes) const;

 private:
  // A pattern cut into literals; between two of them a component (`{}`) or anything (`*`).
  struct Pattern {
    ClassIndex class_index;
    std::string head;  // the literal before the first wildcard
    struct Piece {
      bool any;             // `*` rather than one component
      std::string literal;  // what follows it
    };
    std::vector<Piece> pieces;
    std::size_t literal_bytes;
  };

  static Result<Pattern> compile_pattern(ClassIndex index, const KeyClass& key_class,
                                         const std::string& text);
  static bool matches(const Pattern& pattern, std::size_t piece, std::string_view rest);

  std::string prefix_;
  std::vector<KeyClass> classes_;
  std::vector<Pattern> patterns_;  // most specific first
  // Patterns by the first byte after the prefix, so that a key is compared with a few only.
  std::array<std::vector<std::uint16_t>, 256> by_first_byte_;
};

/// Escapes the characters that are special in Redis's glob patterns (`* ? [ ] ^ \ -`).
std::string escape_glob(std::string_view literal);

}  // namespace redkeep::keys
