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

void append_utf8(char16_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
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

WordExtractor::WordExtractor() : icu_(std::make_unique<Icu>()) { folding_table(); }
WordExtractor::~WordExtractor() = default;
WordExtractor::WordExtractor(WordExtractor&&) noexcept = default;
WordExtractor& WordExtractor::operator=(WordExtractor&&) noexcept = default;

const std::vector<std::string_view>& WordExtractor::words_of(const EntityView& entity) {
  text_.clear();
  append_searched_text(entity.data, text_);
  text_ += '\n';
  text_ += entity.semantic_name;
  return words_of_text(text_);
}

const std::vector<std::string_view>& WordExtractor::words_of_text(std::string_view text) {
  arena_.clear();
  spans_.clear();
  complex_.clear();
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = start;
    while (end < text.size() && !is_blank(text[end])) ++end;
    if (end > start) add_chunk(text.substr(start, end - start));
    start = end + 1;
  }
  if (!complex_.empty()) {
    icu_->cut(complex_,
              [this](const std::string& piece, std::size_t code_points, bool short_enough) {
                add_folded(piece, code_points, short_enough);
              });
  }
  return finish();
}

const std::vector<std::string_view>& WordExtractor::words_of_text_by_icu(std::string_view text) {
  arena_.clear();
  spans_.clear();
  icu_->cut(text, [this](const std::string& piece, std::size_t code_points, bool short_enough) {
    add_folded(piece, code_points, short_enough);
  });
  return finish();
}

void WordExtractor::add_chunk(std::string_view chunk) {
  const std::size_t words_before = spans_.size();
  const std::size_t arena_before = arena_.size();
  if (add_simple(chunk)) return;
  spans_.resize(words_before);
  arena_.resize(arena_before);
  complex_ += chunk;
  complex_ += ' ';
}

// Writes words straight into the arena; false as soon as ICU is needed for the chunk.
bool WordExtractor::add_simple(std::string_view chunk) {
  using Kind = CharacterKind;
  const FoldedCharacter* table = folding_table().data();
  std::size_t start = arena_.size();
  std::size_t code_points = 0;
  std::size_t hangul = 0;
  const auto end_word = [&] {
    const std::size_t size = arena_.size() - start;
    const bool long_enough = code_points >= kLeastCodePoints || hangul > 0;
    if (long_enough && size <= kMostWordBytes) {
      spans_.push_back({0, start, size});
      start = arena_.size();
    } else {
      arena_.resize(start);
    }
    code_points = 0;
    hangul = 0;
  };
  const auto word_goes_on = [&](std::size_t at) {
    if (code_points == 0 || at == chunk.size()) return false;
    const Kind next = table[decode(chunk, at)].kind;
    return next != Kind::Separator && next != Kind::Middle;
  };
  Kind before = Kind::Separator;
  for (std::size_t at = 0; at < chunk.size();) {
    const FoldedCharacter& folded = table[decode(chunk, at)];
    const bool is_mark = folded.kind == Kind::Mark || folded.kind == Kind::OrderedMark;
    const bool is_second = folded.kind == Kind::OrderedMark && before == folded.kind;
    if (is_mark && (code_points == 0 || is_second)) return false;
    before = folded.kind;
    switch (folded.kind) {
      case Kind::Complex: return false;
      case Kind::Middle:
        if (word_goes_on(at)) return false;
        end_word();
        break;
      case Kind::Separator: end_word(); break;
      case Kind::Hangul: ++hangul; [[fallthrough]];
      case Kind::Mark:
      case Kind::OrderedMark:
      case Kind::Letter:
      case Kind::Digit:
        append_utf8(folded.folded, arena_);
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
  spans_.push_back({0, arena_.size(), piece.size()});
  arena_ += piece;
}

const std::vector<std::string_view>& WordExtractor::finish() {
  const auto word = [this](const Span& span) {
    return std::string_view(arena_).substr(span.start, span.size);
  };
  for (auto& span : spans_) span.head = head_of(word(span));
  std::sort(spans_.begin(), spans_.end(), [&](const Span& a, const Span& b) {
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
