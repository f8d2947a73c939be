#include "recovery/csv/record_file.h"

#include <algorithm>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

// All columns of both forms, so that a header with another one is refused before it is guessed at.
const std::vector<CsvColumn> kColumnsOfBoth{
    {"id", false},         {"type", false},       {"semantic_name", false}, {"data", false},
    {"created_by", false}, {"created_at", false}, {"updated_at", false},    {"parent_id", false},
    {"child_id", false},   {"path", false},       {"weight", false}};

// `header` has known columns only, and so no quotes.
bool is_of_associations(std::string_view header) {
  while (!header.empty()) {
    const auto column = header.substr(0, header.find(','));
    for (const std::string_view own : {"parent_id", "child_id", "path", "weight"}) {
      if (column == own) return true;
    }
    header.remove_prefix(std::min(header.size(), column.size() + 1));
  }
  return false;
}

template <class File, class View>
Result<std::int64_t> check_rows(File& file, ContentProblems& problems,
                                const std::stop_token& stop) {
  View view;
  for (std::int64_t rows = 0;; ++rows) {
    if (rows % 4096 == 0 && stop.stop_requested()) return interrupted();
    const auto next = file.next(view);
    if (next == CsvReader::Next::End) return rows;
    if (file.reader().failed()) return Error{ErrorKind::Io, file.problem()};
    if (next != CsvReader::Next::Row) problems.add(file.problem());
    if (next == CsvReader::Next::Broken) return rows;
  }
}

template <class Record, class View, class File>
Result<std::optional<Record>> next_record(File& file) {
  View view;
  const auto next = file.next(view);
  if (next == CsvReader::Next::End) return std::optional<Record>();
  if (next != CsvReader::Next::Row) return Error{ErrorKind::Io, file.problem()};
  return std::optional<Record>(content::record_of(view));
}

template <class File>
Status require_version(const File& file, const CsvReader::Version& version) {
  if (file.reader().version() == version) return {};
  return make_error(ErrorKind::Io, "{} was changed after it was checked: start again",
                    file.reader().name());
}

}  // namespace

Result<RecordFile> RecordFile::look_at(std::string path, std::string shown_name) {
  const auto reader = CsvReader::open(path, kColumnsOfBoth, shown_name);
  if (!reader) return reader.error();
  const Form form = is_of_associations(reader->header()) ? Form::Associations : Form::Entities;
  const CsvReader::Version version = reader->version();
  RecordFile file(std::move(path), std::move(shown_name), form, version);
  // Whether it has the columns that its form needs.
  const auto rows = RecordRows::open(file);
  if (!rows) return rows.error();
  return file;
}

Result<std::int64_t> RecordFile::check(ContentProblems& problems,
                                       const std::stop_token& stop) const {
  auto rows = RecordRows::open(*this);
  if (!rows) return rows.error();
  if (form_ == Form::Entities) {
    return check_rows<EntityFile, content::EntityView>(*rows->entities_, problems, stop);
  }
  return check_rows<AssociationFile, content::AssociationView>(*rows->associations_, problems,
                                                               stop);
}

Result<RecordRows> RecordRows::open(const RecordFile& file) {
  RecordRows rows;
  Status same;
  if (file.form_ == RecordFile::Form::Entities) {
    auto opened = EntityFile::open_file(file.path_, file.shown_name_);
    if (!opened) return opened.error();
    same = require_version(*opened, file.version_);
    rows.entities_.emplace(std::move(*opened));
  } else {
    auto opened = AssociationFile::open_file(file.path_, file.shown_name_);
    if (!opened) return opened.error();
    same = require_version(*opened, file.version_);
    rows.associations_.emplace(std::move(*opened));
  }
  if (!same) return same.error();
  return rows;
}

Result<std::optional<Entity>> RecordRows::next_entity() {
  return next_record<Entity, content::EntityView>(*entities_);
}

Result<std::optional<Association>> RecordRows::next_association() {
  return next_record<Association, content::AssociationView>(*associations_);
}

}  // namespace redkeep::recovery
