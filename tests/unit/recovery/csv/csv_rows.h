#pragma once
// A CSV file read to its end, as what the tests compare.
#include <string>
#include <vector>

#include "recovery/csv/csv_reader.h"

namespace redkeep::recovery {

inline const std::vector<CsvColumn> kTwoColumns{{"a"}, {"b"}};

struct CsvRows {
  std::string failure;  // why it could not be opened
  std::vector<std::vector<std::string>> rows;
  std::vector<std::int64_t> lines;    // of the rows
  std::vector<std::string> problems;  // of bad rows
  std::vector<std::string> rejects;   // bad rows as CSV
  std::string broken;                 // why reading ended before the end

  bool refused() const { return !failure.empty() || !problems.empty() || !broken.empty(); }
};

inline CsvRows read_rows(const std::string& path, const std::vector<CsvColumn>& columns) {
  CsvRows read;
  auto reader = CsvReader::open(path, columns);
  if (!reader) {
    read.failure = reader.error().message;
    return read;
  }
  for (;;) {
    const auto next = reader->next();
    if (next == CsvReader::Next::End) return read;
    if (next == CsvReader::Next::Broken) {
      read.broken = reader->problem();
      read.rejects.push_back(reader->row_as_csv());
      return read;
    }
    if (next == CsvReader::Next::BadRow) {
      read.problems.push_back(reader->problem());
      read.rejects.push_back(reader->row_as_csv());
      continue;
    }
    auto& row = read.rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) row.emplace_back(reader->field(i));
    read.lines.push_back(reader->line());
  }
}

}  // namespace redkeep::recovery
