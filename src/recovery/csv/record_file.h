#pragma once
// One CSV file of records, in the form of entities.csv or of associations.csv: its header tells
// which. Checked whole first, row by row; whether rows agree with what is stored, a store finds
// out.
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "recovery/csv/content_directory.h"
#include "redkeep/records.h"

namespace redkeep::recovery {

class RecordRows;

class RecordFile {
 public:
  enum class Form { Entities, Associations };

  /// Reads the header of a regular file; problems call it `shown_name`. Fails with NotFound, Io, or
  /// InvalidInput for a header of neither form (line and column are named).
  static Result<RecordFile> look_at(std::string path, std::string shown_name);

  /// Reads it to its end: how many rows keep the rules by themselves. Those that do not are in
  /// `problems`. Fails with Io if it cannot be read, or with Interrupted.
  Result<std::int64_t> check(ContentProblems& problems, const std::stop_token& stop) const;

  Form form() const { return form_; }
  const std::string& shown_name() const { return shown_name_; }

 private:
  friend class RecordRows;
  RecordFile(std::string path, std::string shown_name, Form form, CsvReader::Version version)
      : path_(std::move(path)),
        shown_name_(std::move(shown_name)),
        form_(form),
        version_(version) {}

  std::string path_;
  std::string shown_name_;
  Form form_;
  CsvReader::Version version_;
};

/// The rows of a file that was checked, as records.
class RecordRows {
 public:
  /// Fails with Io if it is not what was looked at.
  static Result<RecordRows> open(const RecordFile& file);

  /// Only for a file of that form. Nothing: that was the last one. Fails with Io if the file was
  /// changed meanwhile.
  Result<std::optional<Entity>> next_entity();
  Result<std::optional<Association>> next_association();

 private:
  friend class RecordFile;
  RecordRows() = default;
  std::optional<EntityFile> entities_;
  std::optional<AssociationFile> associations_;
};

}  // namespace redkeep::recovery
