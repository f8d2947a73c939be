#pragma once
// A content directory that was checked, record by record, each spread into its pieces. In steps, so
// that who takes the pieces can send them somewhere in between.
#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "content/graph_keys.h"
#include "content/words.h"
#include "recovery/csv/content_check.h"

namespace redkeep::recovery {

enum class WalkWords {
  Cut,    ///< The words of the entities, or those of search_index.csv where there is one.
  Leave,  ///< Everything but the search index.
};

/// So that two threads can share the work: no key is made of records of both.
enum class WalkPart {
  All,
  Entities,  ///< And the search index.
  Associations,
};

/// A sink of content::spread() that does not want the sets of all words. It is given those that it
/// wants as they occur, which costs less: one word of an entity may come several times.
template <class Sink>
concept ChoosesWords = requires(Sink& sink, std::string_view word) {
  { sink.wants_word(word) } -> std::same_as<bool>;
};

class ContentWalk {
 public:
  /// `schema` and `check` (without problems) must outlive it.
  ContentWalk(const keys::KeySchema& schema, const ContentCheck& check, std::string directory,
              WalkWords words, WalkPart part = WalkPart::All)
      : schema_(schema),
        check_(check),
        directory_(std::move(directory)),
        words_(words),
        part_(part) {}

  /// Spreads at most so many rows into `sink` (see content::spread). False: that was the end. Fails
  /// if a file is not the one that was checked.
  template <class Sink>
  Result<bool> next(std::size_t rows, Sink& sink) {
    for (; rows > 0; --rows) {
      const auto row = next_row();
      if (!row) return row.error();
      switch (*row) {
        case Row::Entity:
          content::spread(schema_, entity_, check_.containments.path_of(entity_.id),
                          words_of_entity(sink), sink);
          break;
        case Row::Association: content::spread(schema_, association_, sink); break;
        case Row::Word: spread_word(sink); break;
        case Row::End: return false;
      }
    }
    return true;
  }

  /// Of the files, up to now.
  std::int64_t bytes_read() const;
  std::int64_t rows() const { return rows_; }

 private:
  enum class Row { Entity, Association, Word, End };

  Result<Row> next_row();
  Status open_next();
  Result<Row> row_found(CsvReader::Next next, const CsvReader& reader, Row row);
  template <class Sink>
  std::span<const std::string_view> words_of_entity(Sink& sink) {
    if (words_ == WalkWords::Leave || check_.has_search_index) return {};
    if constexpr (ChoosesWords<Sink>) {
      chosen_words_.clear();
      for (const auto word : extractor_.occurrences_of(entity_)) {
        if (sink.wants_word(word)) chosen_words_.push_back(word);
      }
      return chosen_words_;
    } else {
      return extractor_.words_of(entity_);
    }
  }
  template <class Sink>
  void spread_word(Sink& sink) {
    if constexpr (ChoosesWords<Sink>) {
      if (!sink.wants_word(index_->field(0))) return;
    }
    const std::string key = schema_.word(index_->field(0));
    for (const auto id : ids_in(index_->field(1))) sink.in_set(key, sink.member(id));
  }

  const keys::KeySchema& schema_;
  const ContentCheck& check_;
  std::string directory_;
  WalkWords words_;
  WalkPart part_;
  content::WordExtractor extractor_;
  std::vector<std::string_view> chosen_words_;
  std::optional<EntityFile> entities_;
  std::optional<AssociationFile> associations_;
  std::optional<CsvReader> index_;
  bool is_done_ = false;
  content::EntityView entity_;
  content::AssociationView association_;
  std::int64_t rows_ = 0;
  std::int64_t bytes_before_ = 0;  // of the files that are done
};

}  // namespace redkeep::recovery
