// Design: most text needs no ICU call at all. Text is cut at ASCII white space, where there is
// always a word boundary. A chunk of characters that fold to themselves or to one other character,
// and that are plainly letters, digits, marks or separators, is cut by a table made from ICU's own
// properties; everything else (marks that compose, dictionary scripts, compatibility forms, emoji)
// goes to ICU in one call per record. tests/unit/content compares the two on random and on real
// text.
#include "content/words.h"

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uvernum.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

#include "content/character_kinds.h"
#include "content/json_text.h"

namespace redkeep::content {
namespace {

constexpr std::size_t kLeastCodePoints = 3;
constexpr std::size_t kMostWordBytes = 64;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Writes a character of the basic plane; gives where the next one goes.
char* put_utf8(char16_t c, char* out) {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xC0 | (c >> 6));
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out++ = static_cast<char>(0xE0 | (c >> 12));
    *out++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  }
  return out;
}

// Most text is runs of these: what each byte folds to if it is a letter or digit of ASCII; else 0.
using PlainTable = std::array<char, 256>;
PlainTable make_plain_table() {
  PlainTable made{};
  for (std::size_t byte = 0; byte < 0x80; ++byte) {
    const FoldedCharacter& folded = folding_table()[byte];
    const bool joins = folded.kind == CharacterKind::Letter || folded.kind == CharacterKind::Digit;
    if (joins) made[byte] = static_cast<char>(folded.folded);
  }
  return made;
}
const PlainTable& plain_table() {
  static const PlainTable table = make_plain_table();
  return table;
}

// The first eight bytes as a number: most words differ in them, and numbers are compared faster.
std::uint64_t head_of(std::string_view word) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    head = head << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0U);
  }
  return head;
}

// Decodes one character of the basic plane from valid UTF-8; 0 for the other planes.
char16_t decode(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char16_t>(static_cast<unsigned char>(text[at + i]));
  };
  const char16_t lead = byte(0);
  char16_t c = 0;
  if (lead < 0x80) {
    c = lead;
    at += 1;
  } else if (lead < 0xE0 && at + 1 < text.size()) {
    c = static_cast<char16_t>(((lead & 0x1F) << 6) | (byte(1) & 0x3F));
    at += 2;
  } else if (lead < 0xF0 && at + 2 < text.size()) {
    c = static_cast<char16_t>(((lead & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F));
    at += 3;
  } else {
    at = text.size();
  }
  return c;
}

enum class MiddleDoes { Cut, Join, OnlyIcuKnows };

// What a character of that kind does within a word, which goes on at `next` or does not: in ASCII,
// a comma or semicolon joins two digits and nothing else (UAX #29, WB11 and WB12).
MiddleDoes what_middle_does(std::string_view chunk, std::size_t middle, std::size_t next) {
  if (next == chunk.size()) return MiddleDoes::Cut;
  std::size_t behind = next;
  const auto kind = folding_table()[decode(chunk, behind)].kind;
  if (kind == CharacterKind::Separator || kind == CharacterKind::Middle) return MiddleDoes::Cut;
  const auto is_ascii = [&](std::size_t at) { return (chunk[at] & 0x80) == 0; };
  const bool is_known = chunk[middle] == ',' || chunk[middle] == ';';
  if (!is_known || !is_ascii(middle - 1) || !is_ascii(next)) return MiddleDoes::OnlyIcuKnows;
  const auto is_digit = [&](std::size_t at) { return chunk[at] >= '0' && chunk[at] <= '9'; };
  return is_digit(middle - 1) && is_digit(next) ? MiddleDoes::Join : MiddleDoes::Cut;
}

}  // namespace

class WordExtractor::Icu {
 public:
  Icu() {
    UErrorCode code = U_ZERO_ERROR;
    normalizer_ = icu::Normalizer2::getNFKCCasefoldInstance(code);
    breaks_.reset(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), code));
    if (U_FAILURE(code)) throw std::runtime_error("ICU's data is not installed (libicu72)");
  }

  // Calls add(piece as UTF-8, code points, whether a short one is enough) for each piece.
  template <class Add>
  void cut(std::string_view text, const Add& add) {
    UErrorCode code = U_ZERO_ERROR;
    const icu::UnicodeString folded = normalizer_->normalize(
        icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size()))),
        code);
    if (U_FAILURE(code)) return;
    breaks_->setText(folded);
    for (int start = breaks_->first(), end = breaks_->next(); end != icu::BreakIterator::DONE;
         start = end, end = breaks_->next()) {
      if (breaks_->getRuleStatus() >= UBRK_WORD_NONE_LIMIT) cut_further(folded, start, end, add);
    }
  }

 private:
  template <class Add>
  void cut_further(const icu::UnicodeString& text, int start, int end, const Add& add) {
    int piece = start;
    for (int at = start; at <= end; ++at) {
      if (at < end && !is_additional_cut(text[at])) continue;
      give(text, piece, at, add);
      piece = at + 1;
    }
  }

  template <class Add>
  void give(const icu::UnicodeString& text, int start, int end, const Add& add) {
    bool has_alphanumeric = false;
    bool short_is_enough = false;
    for (int at = start; at < end; at = text.moveIndex32(at, 1)) {
      const UChar32 c = text.char32At(at);
      has_alphanumeric = has_alphanumeric || u_isalnum(c);
      short_is_enough = short_is_enough || is_short_script(c);
    }
    if (!has_alphanumeric) return;
    utf8_.clear();
    text.tempSubStringBetween(start, end).toUTF8String(utf8_);
    add(utf8_, static_cast<std::size_t>(text.countChar32(start, end - start)), short_is_enough);
  }

  const icu::Normalizer2* normalizer_ = nullptr;
  std::unique_ptr<icu::BreakIterator> breaks_;
  std::string utf8_;
};

WordExtractor::WordExtractor() : icu_(std::make_unique<Icu>()) { plain_table(); }
WordExtractor::~WordExtractor() = default;
WordExtractor::WordExtractor(WordExtractor&&) noexcept = default;
WordExtractor& WordExtractor::operator=(WordExtractor&&) noexcept = default;

const std::vector<std::string_view>& WordExtractor::words_of(const EntityView& entity) {
  return words_of_text(searched_text_of(entity));
}

const std::vector<std::string_view>& WordExtractor::occurrences_of(const EntityView& entity) {
  cut(searched_text_of(entity));
  words_.clear();
  for (const auto& span : spans_) words_.push_back(word(span));
  return words_;
}

const std::vector<std::string_view>& WordExtractor::words_of_text(std::string_view text) {
  cut(text);
  return each_once();
}

const std::vector<std::string_view>& WordExtractor::words_of_text_by_icu(std::string_view text) {
  begin();
  cut_by_icu(text);
  return each_once();
}

std::string_view WordExtractor::searched_text_of(const EntityView& entity) {
  text_.clear();
  append_searched_text(entity.data, text_);
  text_ += '\n';
  text_ += entity.semantic_name;
  return text_;
}

void WordExtractor::begin() {
  used_ = 0;
  spans_.clear();
}

void WordExtractor::make_room(std::size_t bytes) {
  if (arena_.size() - used_ < bytes) arena_.resize(2 * (used_ + bytes));
}

void WordExtractor::cut(std::string_view text) {
  begin();
  // Two bytes may fold to three, and nothing that the table has grows more.
  make_room(text.size() + text.size() / 2 + 1);
  complex_.clear();
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = start;
    while (end < text.size() && !is_blank(text[end])) ++end;
    if (end > start) add_chunk(text.substr(start, end - start));
    start = end + 1;
  }
  if (!complex_.empty()) cut_by_icu(complex_);
}

void WordExtractor::cut_by_icu(std::string_view text) {
  icu_->cut(text, [this](const std::string& piece, std::size_t code_points, bool short_enough) {
    add_folded(piece, code_points, short_enough);
  });
}

void WordExtractor::add_chunk(std::string_view chunk) {
  const std::size_t words_before = spans_.size();
  const std::size_t used_before = used_;
  if (add_simple(chunk)) return;
  spans_.resize(words_before);
  used_ = used_before;
  complex_ += chunk;
  complex_ += ' ';
}

// Writes words straight into the arena; false as soon as ICU is needed for the chunk.
bool WordExtractor::add_simple(std::string_view chunk) {
  using Kind = CharacterKind;
  const FoldedCharacter* const table = folding_table().data();
  const PlainTable& plain = plain_table();
  char* const arena = arena_.data();
  char* out = arena + used_;
  std::size_t code_points = 0;
  std::size_t hangul = 0;
  const auto end_word = [&] {
    const auto size = static_cast<std::size_t>(out - arena) - used_;
    const bool long_enough = code_points >= kLeastCodePoints || hangul > 0;
    if (long_enough && size <= kMostWordBytes) {
      spans_.push_back({0, used_, size});
      used_ += size;
    } else {
      out = arena + used_;
    }
    code_points = 0;
    hangul = 0;
  };
  const auto plain_at = [&](std::size_t at) {
    return at < chunk.size() ? plain[static_cast<unsigned char>(chunk[at])] : '\0';
  };
  Kind before = Kind::Separator;
  for (std::size_t at = 0; at < chunk.size();) {
    if (hangul == 0 && plain_at(at) != 0) {
      for (char c = 0; (c = plain_at(at)) != 0; ++at, ++code_points) *out++ = c;
      before = Kind::Letter;
      continue;
    }
    const std::size_t begin = at;
    const FoldedCharacter& folded = table[decode(chunk, at)];
    const bool is_mark = folded.kind == Kind::Mark || folded.kind == Kind::OrderedMark;
    const bool is_second = folded.kind == Kind::OrderedMark && before == folded.kind;
    if (is_mark && (code_points == 0 || is_second)) return false;
    before = folded.kind;
    switch (folded.kind) {
      case Kind::Complex: return false;
      case Kind::Middle: {
        MiddleDoes does = MiddleDoes::Cut;
        if (code_points > 0) does = what_middle_does(chunk, begin, at);
        if (does == MiddleDoes::OnlyIcuKnows) return false;
        if (does == MiddleDoes::Join) {
          *out++ = chunk[begin];
          ++code_points;
        } else {
          end_word();
        }
        break;
      }
      case Kind::Separator: end_word(); break;
      case Kind::Hangul: ++hangul; [[fallthrough]];
      case Kind::Mark:
      case Kind::OrderedMark:
      case Kind::Letter:
      case Kind::Digit:
        out = put_utf8(folded.folded, out);
        ++code_points;
        if (hangul > 0 && hangul != code_points) return false;
        break;
    }
  }
  end_word();
  return true;
}

void WordExtractor::add_folded(std::string_view piece, std::size_t code_points,
                               bool short_is_enough) {
  if (code_points < kLeastCodePoints && !short_is_enough) return;
  if (piece.size() > kMostWordBytes) return;
  make_room(piece.size());
  std::copy(piece.begin(), piece.end(), arena_.data() + used_);
  spans_.push_back({0, used_, piece.size()});
  used_ += piece.size();
}

const std::vector<std::string_view>& WordExtractor::each_once() {
  for (auto& span : spans_) span.head = head_of(word(span));
  std::sort(spans_.begin(), spans_.end(), [this](const Span& a, const Span& b) {
    return a.head != b.head ? a.head < b.head : word(a) < word(b);
  });
  words_.clear();
  for (const auto& span : spans_) {
    if (words_.empty() || words_.back() != word(span)) words_.push_back(word(span));
  }
  return words_;
}

std::string word_rules_version() { return "ICU " U_ICU_VERSION; }

}  // namespace redkeep::content
