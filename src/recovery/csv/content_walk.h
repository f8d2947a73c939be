#pragma once
// A content directory that was checked, record by record, each spread into its pieces. In steps, so
// that who takes the pieces can send them somewhere in between.
#include <optional>
#include <string>

#include "content/graph_keys.h"
#include "content/words.h"
#include "recovery/csv/content_check.h"

namespace redkeep::recovery {

enum class WalkWords {
  Cut,    ///< The words of the entities, or those of search_index.csv where there is one.
  Leave,  ///< Everything but the search index.
};

class ContentWalk {
 public:
  /// `schema` and `check` (without problems) must outlive it.
  ContentWalk(const keys::KeySchema& schema, const ContentCheck& check, std::string directory,
              WalkWords words)
      : schema_(schema), check_(check), directory_(std::move(directory)), words_(words) {}

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
                          words_of_entity(), sink);
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
  std::span<const std::string_view> words_of_entity();
  template <class Sink>
  void spread_word(Sink& sink) {
    const std::string key = schema_.word(index_->field(0));
    for (const auto id : ids_in(index_->field(1))) sink.in_set(key, sink.member(id));
  }

  const keys::KeySchema& schema_;
  const ContentCheck& check_;
  std::string directory_;
  WalkWords words_;
  content::WordExtractor extractor_;
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
