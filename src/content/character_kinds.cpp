#include "content/character_kinds.h"

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <initializer_list>
#include <memory>
#include <stdexcept>

namespace redkeep::content {

bool is_short_script(UChar32 c) {
  UErrorCode code = U_ZERO_ERROR;
  switch (uscript_getScript(c, &code)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR: return true;
    default: return false;
  }
}

namespace {

using Kind = CharacterKind;

// Those that compose with what is before them are for ICU.
Kind kind_of_mark(UChar32 c) {
  const auto type = u_charType(c);
  if (type != U_NON_SPACING_MARK && type != U_COMBINING_SPACING_MARK) return Kind::Complex;
  return u_getCombiningClass(c) == 0 ? Kind::Mark : Kind::OrderedMark;
}

Kind kind_of(UChar32 c) {
  if (is_additional_cut(c)) return Kind::Separator;
  if (is_short_script(c)) return Kind::Complex;
  // Dictionary scripts (SA; Han and Kana, whose break property is Other or Katakana) and jamo that
  // compose with what is before them are for ICU.
  const int line_break = u_getIntPropertyValue(c, UCHAR_LINE_BREAK);
  if (line_break == U_LB_COMPLEX_CONTEXT || line_break == U_LB_IDEOGRAPHIC) return Kind::Complex;
  if (u_getIntPropertyValue(c, UCHAR_NFKC_QUICK_CHECK) == UNORM_MAYBE) return Kind::Complex;
  switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER: return Kind::Letter;
    case U_WB_NUMERIC: return u_isdigit(c) ? Kind::Digit : Kind::Complex;
    case U_WB_OTHER:
    case U_WB_WSEGSPACE:
    case U_WB_DOUBLE_QUOTE:
    case U_WB_CR:
    case U_WB_LF:
    case U_WB_NEWLINE:
      // Not all emoji: # and * are some, and the rules know nothing of it.
      return u_isalnum(c) || u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) ? Kind::Complex
                                                                                 : Kind::Separator;
    case U_WB_MIDLETTER:
    case U_WB_MIDNUM:
    case U_WB_MIDNUMLET: return Kind::Middle;
    case U_WB_EXTEND: return kind_of_mark(c);
    default: return Kind::Complex;  // joiners and the like
  }
}

using Neighbours = std::initializer_list<const char*>;
constexpr Neighbours kWithinWords{"aa", "11", "a1", "1a"};
constexpr Neighbours kAtEdges{"a ", " a", "1 ",  " 1",  "a-", "-a",
                              "1.", ".1", "a\"", "\"a", "1(", "(1"};

// Whether there is a boundary before and after `c` between each two neighbours, or in no case.
bool always(bool is_cut, UChar32 c, Neighbours between, icu::BreakIterator& breaks) {
  icu::UnicodeString text;
  for (const char* neighbours : between) {
    text.append(neighbours[0]).append(c).append(neighbours[1]).append(u' ');
  }
  breaks.setText(text);
  for (int start = 0; start < text.length(); start += 4) {
    if (breaks.isBoundary(start + 1) != static_cast<UBool>(is_cut)) return false;
    if (breaks.isBoundary(start + 2) != static_cast<UBool>(is_cut)) return false;
  }
  return true;
}

// Whether ICU itself does what its properties let us expect of a character: its rules know more (in
// ICU 72, "a@b" is one word, and a colon joins nothing).
bool is_as_expected(Kind kind, UChar32 c, icu::BreakIterator& breaks) {
  switch (kind) {
    case Kind::Complex: return false;
    case Kind::Separator: return is_additional_cut(c) || always(true, c, kWithinWords, breaks);
    case Kind::Middle: return always(true, c, kAtEdges, breaks);
    case Kind::Mark:
    case Kind::OrderedMark: return always(false, c, kWithinWords, breaks);
    case Kind::Letter:
    case Kind::Digit:
    case Kind::Hangul: return true;
  }
  return false;
}

// Scripts above are cut by dictionaries, but for the syllables of Hangul.
constexpr UChar32 kTableEnd = 0x3000;
constexpr UChar32 kFirstHangul = 0xAC00;
constexpr UChar32 kLastHangul = 0xD7A3;

std::vector<FoldedCharacter> make_folding_table() {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(code);
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), code));
  if (U_FAILURE(code)) throw std::runtime_error("ICU's data is not installed (libicu72)");
  std::vector<FoldedCharacter> made(0x10000);
  for (UChar32 c = 1; c < kTableEnd; ++c) {  // 0 stands for what is not in the basic plane
    const icu::UnicodeString folded = normalizer->normalize(icu::UnicodeString(c), code);
    if (U_FAILURE(code) || folded.length() != 1) continue;
    Kind kind = c >= '0' && c <= '9' ? Kind::Digit : kind_of(folded[0]);
    if (kind != Kind::Digit && kind != kind_of(c)) continue;
    if (kind == Kind::Middle && always(true, c, kWithinWords, *breaks)) kind = Kind::Separator;
    if (!is_as_expected(kind, c, *breaks)) continue;
    made[static_cast<std::size_t>(c)] = {kind, folded[0]};
  }
  for (UChar32 c = kFirstHangul; c <= kLastHangul; ++c) {
    made[static_cast<std::size_t>(c)] = {Kind::Hangul, static_cast<char16_t>(c)};
  }
  return made;
}

}  // namespace

const std::vector<FoldedCharacter>& folding_table() {
  static const std::vector<FoldedCharacter> table = make_folding_table();
  return table;
}

}  // namespace redkeep::content
