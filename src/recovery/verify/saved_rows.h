#pragma once
// What is about to be overwritten or removed, in CSV files beside: entities.csv and
// associations.csv in the form of a content directory, and other_keys.csv for what has no row.
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keys/key_schema.h"
#include "recovery/csv/csv_writer.h"
#include "redis/reply.h"

namespace redkeep::recovery {

class SavedRows {
 public:
  /// Files are made in a new directory below `parent` with the first row that is saved. `schema`
  /// and `disk` must outlive it.
  SavedRows(const keys::KeySchema& schema, Disk& disk, std::string parent)
      : schema_(schema), disk_(disk), parent_(std::move(parent)) {}

  /// `fields` are names and values in turn, as HGETALL gives them. False, and nothing saved: they
  /// make no row of the content's form (dump() then).
  Result<bool> hash(std::string_view key, std::span<const redis::Reply> fields);
  Status string(std::string_view key, std::string_view value);
  /// One member of a set.
  Status member(std::string_view key, std::string_view member);
  /// A value of any type, as DUMP gives it: RESTORE takes it back.
  Status dump(std::string_view key, std::string_view payload);

  /// Everything is on the disk when it returns. Not to be added to after it.
  Status finish();

  std::int64_t rows() const { return rows_; }
  /// Empty: nothing was saved.
  const std::string& directory() const { return directory_; }

 private:
  using Header = std::initializer_list<std::string_view>;

  Result<CsvWriter*> writer(std::optional<CsvWriter>& file, std::string_view name, Header header);
  Status other(std::string_view key, std::string_view type, std::string_view value);
  Status make_own_directory();

  const keys::KeySchema& schema_;
  Disk& disk_;
  std::string parent_;
  std::string directory_;
  std::optional<CsvWriter> entities_;
  std::optional<CsvWriter> associations_;
  std::optional<CsvWriter> others_;
  std::int64_t rows_ = 0;
};

/// "repair-saved-20261127T030405Z": by the machine's clock.
std::string saved_directory_name(std::chrono::system_clock::time_point now);

}  // namespace redkeep::recovery
