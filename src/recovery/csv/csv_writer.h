#pragma once
// Rows as CSV (RFC 4180) into a file, in blocks, with a checksum of the bytes.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "recovery/disk/checksum.h"
#include "recovery/disk/disk.h"

namespace redkeep::recovery {

class CsvWriter {
 public:
  /// The file is made new: one that is there is an error (remove it first).
  static Result<CsvWriter> create(Disk& disk, std::string path,
                                  std::initializer_list<std::string_view> header);

  /// One row; a field is quoted where it needs it, so that CsvReader gives the same bytes.
  Status add(std::initializer_list<std::string_view> fields);

  /// Writes what waits, syncs and closes. Only then are the file and the numbers below whole.
  Status finish();

  std::int64_t rows() const { return rows_; }
  std::int64_t bytes() const { return bytes_; }
  /// Of all bytes, as Checksum tells it.
  std::string checksum() const { return checksum_.text(); }

 private:
  explicit CsvWriter(OutputFile file) : file_(std::move(file)) {}
  Status flush();

  OutputFile file_;
  std::string block_;
  std::int64_t rows_ = 0;
  std::int64_t bytes_ = 0;
  Checksum checksum_;
};

}  // namespace redkeep::recovery
