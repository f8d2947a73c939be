#pragma once
// The words by which an entity is found: the text of title, description, content and the semantic
// name, case-folded (NFKC_Casefold), cut at Unicode word boundaries (UAX #29, ICU with its
// dictionaries), the pieces then also at apostrophes and at . _ -.
//
// A word has a letter or digit, at least 3 code points (1 in scripts where one character can be a
// word: Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer, Myanmar) and at most 64 bytes.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/record_view.h"

namespace redkeep::content {

class WordExtractor {
 public:
  WordExtractor();
  ~WordExtractor();
  WordExtractor(WordExtractor&&) noexcept;
  WordExtractor& operator=(WordExtractor&&) noexcept;

  /// Sorted, each word once. The views are good until the next call. One thread at a time.
  const std::vector<std::string_view>& words_of(const EntityView& entity);

  /// As they come, one as often as it occurs: for whoever gathers them anyway.
  const std::vector<std::string_view>& occurrences_of(const EntityView& entity);

  /// Those of a text, sorted, each once.
  const std::vector<std::string_view>& words_of_text(std::string_view text);

  /// The same, by ICU alone: what the fast path is tested against.
  const std::vector<std::string_view>& words_of_text_by_icu(std::string_view text);

 private:
  class Icu;
  struct Span {
    std::uint64_t head;  // the word's first bytes, to sort by
    std::size_t start;
    std::size_t size;
  };

  std::string_view searched_text_of(const EntityView& entity);
  void begin();
  void make_room(std::size_t bytes);
  void cut(std::string_view text);
  void cut_by_icu(std::string_view text);
  void add_chunk(std::string_view chunk);
  bool add_simple(std::string_view chunk);
  void add_folded(std::string_view piece, std::size_t code_points, bool short_is_enough);
  std::string_view word(const Span& span) const { return {arena_.data() + span.start, span.size}; }
  const std::vector<std::string_view>& each_once();

  std::unique_ptr<Icu> icu_;
  std::string text_;         // of the record
  std::string complex_;      // chunks for ICU, separated by blanks
  std::vector<char> arena_;  // the words, one after the other; it only grows
  std::size_t used_ = 0;     // of the arena
  std::vector<Span> spans_;
  std::vector<std::string_view> words_;
};

/// The version of ICU and its Unicode data, to be recorded with an index: another one may cut words
/// differently.
std::string word_rules_version();

}  // namespace redkeep::content
