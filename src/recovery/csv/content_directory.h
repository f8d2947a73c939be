#pragma once
// A content directory (entities.csv, associations.csv, optionally search_index.csv), read row by
// row as records, and checked as a whole. Redkeep never writes there.
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "content/record_rules.h"
#include "content/record_view.h"
#include "recovery/csv/containments.h"
#include "recovery/csv/csv_reader.h"

namespace redkeep::recovery {

/// What is wrong with a content directory: the first sentences, each with file, line and column.
struct ContentProblems {
  static constexpr std::size_t kMostKept = 1000;
  std::int64_t count = 0;
  std::vector<std::string> first;

  void add(std::string problem);
  void add_all(const ContentProblems& others);
};

/// One CSV file read as records.
class EntityFile {
 public:
  static Result<EntityFile> open(const std::string& directory);
  /// A file of that form under another name, which problems call `shown_name`.
  static Result<EntityFile> open_file(const std::string& path, const std::string& shown_name);
  /// The next row as a record, only if it keeps the rules by itself.
  CsvReader::Next next(content::EntityView& entity);
  /// The next row as it stands, for a file that was checked before.
  CsvReader::Next next_unchecked(content::EntityView& entity);
  /// Whether the row that is there keeps the rules by itself; problem() says why not.
  CsvReader::Next check(const content::EntityView& entity);
  CsvReader& reader() { return reader_; }
  const CsvReader& reader() const { return reader_; }
  const std::string& problem() const { return problem_; }

 private:
  explicit EntityFile(CsvReader reader) : reader_(std::move(reader)) {}
  CsvReader reader_;
  std::string problem_;
};

class AssociationFile {
 public:
  /// NotFound if there is no such file, which means: no associations.
  static Result<AssociationFile> open(const std::string& directory);
  static Result<AssociationFile> open_file(const std::string& path, const std::string& shown_name);
  CsvReader::Next next(content::AssociationView& association);
  CsvReader::Next next_unchecked(content::AssociationView& association);
  CsvReader::Next check(const content::AssociationView& association);
  CsvReader& reader() { return reader_; }
  const CsvReader& reader() const { return reader_; }
  const std::string& problem() const { return problem_; }

 private:
  explicit AssociationFile(CsvReader reader) : reader_(std::move(reader)) {}
  CsvReader reader_;
  std::string problem_;
};

/// search_index.csv: `word,entity_ids`, the ids separated by blanks. NotFound: build it instead.
Result<CsvReader> open_search_index(const std::string& directory);
/// Whether there is such a file, good or bad.
bool has_search_index(const std::string& directory);

/// The ids in its second column.
std::vector<std::string_view> ids_in(std::string_view entity_ids);

}  // namespace redkeep::recovery
