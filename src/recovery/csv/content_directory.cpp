#include "recovery/csv/content_directory.h"

#include "error/error.h"

namespace redkeep::recovery {
namespace {

const std::vector<CsvColumn> kEntityColumns{{"id"},
                                            {"type"},
                                            {"semantic_name", false},
                                            {"data"},
                                            {"created_by", false},
                                            {"created_at", false},
                                            {"updated_at", false}};
const std::vector<CsvColumn> kAssociationColumns{
    {"parent_id"}, {"child_id"}, {"path"}, {"type"}, {"weight"}};

std::size_t place_of(const std::vector<CsvColumn>& columns, std::string_view name) {
  std::size_t place = 0;
  while (columns[place].name != name) ++place;
  return place;
}

// A row that breaks a rule of its own is a bad row, as one that is no CSV.
template <class Record>
CsvReader::Next check_row(CsvReader& reader, const std::vector<CsvColumn>& columns,
                          const Record& record, std::string& problem) {
  const auto fault = content::find_fault(record);
  if (!fault) return CsvReader::Next::Row;
  problem = reader.problem_at(place_of(columns, fault->field),
                              fmt::format("{} {}", fault->field, fault->reason));
  return CsvReader::Next::BadRow;
}

}  // namespace

void ContentProblems::add(std::string problem) {
  if (++count <= static_cast<std::int64_t>(kMostKept)) first.push_back(std::move(problem));
}

void ContentProblems::add_all(const ContentProblems& others) {
  for (const auto& problem : others.first) add(problem);
  count += others.count - static_cast<std::int64_t>(others.first.size());
}

Result<EntityFile> EntityFile::open(const std::string& directory) {
  return open_file(directory + "/entities.csv", {});
}

Result<EntityFile> EntityFile::open_file(const std::string& path, const std::string& shown_name) {
  auto reader = CsvReader::open(path, kEntityColumns, shown_name);
  if (!reader) return reader.error();
  return EntityFile(std::move(*reader));
}

CsvReader::Next EntityFile::next_unchecked(content::EntityView& entity) {
  const auto found = reader_.next();
  problem_ = reader_.problem();
  if (found != CsvReader::Next::Row) return found;
  entity = {reader_.field(0), reader_.field(1), reader_.field(2), reader_.field(3),
            reader_.field(4), reader_.field(5), reader_.field(6)};
  return found;
}

CsvReader::Next EntityFile::check(const content::EntityView& entity) {
  return check_row(reader_, kEntityColumns, entity, problem_);
}

CsvReader::Next EntityFile::next(content::EntityView& entity) {
  const auto found = next_unchecked(entity);
  return found == CsvReader::Next::Row ? check(entity) : found;
}

Result<AssociationFile> AssociationFile::open(const std::string& directory) {
  return open_file(directory + "/associations.csv", {});
}

Result<AssociationFile> AssociationFile::open_file(const std::string& path,
                                                   const std::string& shown_name) {
  auto reader = CsvReader::open(path, kAssociationColumns, shown_name);
  if (!reader) return reader.error();
  return AssociationFile(std::move(*reader));
}

CsvReader::Next AssociationFile::next_unchecked(content::AssociationView& association) {
  const auto found = reader_.next();
  problem_ = reader_.problem();
  if (found != CsvReader::Next::Row) return found;
  association = {reader_.field(0), reader_.field(1), reader_.field(2), reader_.field(3),
                 reader_.field(4)};
  return found;
}

CsvReader::Next AssociationFile::check(const content::AssociationView& association) {
  return check_row(reader_, kAssociationColumns, association, problem_);
}

CsvReader::Next AssociationFile::next(content::AssociationView& association) {
  const auto found = next_unchecked(association);
  return found == CsvReader::Next::Row ? check(association) : found;
}

Result<CsvReader> open_search_index(const std::string& directory) {
  return CsvReader::open(directory + "/search_index.csv", {{"word"}, {"entity_ids"}});
}

bool has_search_index(const std::string& directory) {
  const auto reader = open_search_index(directory);
  return reader || reader.error().kind != ErrorKind::NotFound;
}

std::vector<std::string_view> ids_in(std::string_view entity_ids) {
  std::vector<std::string_view> ids;
  while (!entity_ids.empty()) {
    const auto id = entity_ids.substr(0, entity_ids.find(' '));
    if (!id.empty()) ids.push_back(id);
    entity_ids.remove_prefix(std::min(entity_ids.size(), id.size() + 1));
  }
  return ids;
}

}  // namespace redkeep::recovery
