#pragma once
// What a character is to the cutting of words, by a table made once from ICU's own properties: most
// text can be cut by it, without a call of ICU. See words.cpp.
#include <unicode/umachine.h>

#include <cstdint>
#include <vector>

namespace redkeep::content {

enum class CharacterKind : std::uint8_t {
  Complex,  ///< Only ICU knows.
  Letter,   ///< Joins letters and digits.
  Digit,    ///< Joins letters and digits.
  Mark,     ///< Goes with what is before it in its word; at the beginning of one only ICU knows.
  OrderedMark,  ///< The same; of several in a row only ICU knows the order.
  Hangul,       ///< Joins its like; beside letters or digits only ICU knows.
  Middle,       ///< `,` `;` and their like: within a word they may join; elsewhere a boundary on
                ///< both sides.
  Separator,    ///< A boundary on both sides, or one of the additional cuts.
};

struct FoldedCharacter {
  CharacterKind kind = CharacterKind::Complex;
  char16_t folded = 0;
};

/// Of each character of the basic plane. 0 is Complex: it stands for those of other planes. Throws
/// std::runtime_error where ICU's data is not installed.
const std::vector<FoldedCharacter>& folding_table();

/// Apostrophes (U+0027, U+2019) and . _ - cut a word even where UAX #29 does not.
inline bool is_additional_cut(UChar32 c) {
  return c == '\'' || c == 0x2019 || c == '.' || c == '_' || c == '-';
}

/// Scripts in which one character may be a word.
bool is_short_script(UChar32 c);

}  // namespace redkeep::content
