#include "recovery/csv/content_walk.h"

#include "error/error.h"

namespace redkeep::recovery {

// The files in their order; one that was not there when the content was checked is passed over.
Status ContentWalk::open_next() {
  const bool has_entities = part_ != WalkPart::Associations;
  if (has_entities && !entities_) {
    auto file = EntityFile::open(directory_);
    if (!file) return file.error();
    entities_.emplace(std::move(*file));
    return same_as_checked(check_, entities_->reader());
  }
  if (part_ != WalkPart::Entities && !associations_ && check_.files.contains("associations.csv")) {
    auto file = AssociationFile::open(directory_);
    if (!file) return file.error();
    associations_.emplace(std::move(*file));
    return same_as_checked(check_, associations_->reader());
  }
  if (has_entities && !index_ && check_.has_search_index && words_ == WalkWords::Cut) {
    auto reader = open_search_index(directory_);
    if (!reader) return reader.error();
    index_.emplace(std::move(*reader));
    return same_as_checked(check_, *index_);
  }
  is_done_ = true;
  return {};
}

Result<ContentWalk::Row> ContentWalk::row_found(CsvReader::Next next, const CsvReader& reader,
                                                Row row) {
  if (next == CsvReader::Next::Row) {
    ++rows_;
    return row;
  }
  return make_error(ErrorKind::Io, "{}: it was fine when it was checked: start again",
                    reader.problem());
}

Result<ContentWalk::Row> ContentWalk::next_row() {
  for (;;) {
    if (is_done_) return Row::End;
    CsvReader::Next next = CsvReader::Next::End;
    const CsvReader* reader = nullptr;
    Row row = Row::End;
    if (index_) {
      reader = &*index_;
      next = index_->next();
      row = Row::Word;
    } else if (associations_) {
      reader = &associations_->reader();
      next = associations_->next_unchecked(association_);
      row = Row::Association;
    } else if (entities_) {
      reader = &entities_->reader();
      next = entities_->next_unchecked(entity_);
      row = Row::Entity;
    }
    if (next != CsvReader::Next::End) return row_found(next, *reader, row);
    if (reader != nullptr) bytes_before_ += reader->file_bytes();
    if (const Status opened = open_next(); !opened) return opened.error();
  }
}

std::int64_t ContentWalk::bytes_read() const {
  if (is_done_) return bytes_before_;
  if (index_) return bytes_before_ + index_->bytes_read();
  if (associations_) return bytes_before_ + associations_->reader().bytes_read();
  return entities_ ? entities_->reader().bytes_read() : 0;
}

}  // namespace redkeep::recovery
