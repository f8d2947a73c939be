#pragma once
// A strict streaming reader of CSV (RFC 4180, UTF-8): blocks of the file in, rows of views out.
//
// A BOM and CRLF are accepted. Nothing is guessed: a quote in the middle of a field, text after a
// closing quote, a bare CR, NUL and invalid UTF-8 are errors, named by line and column. The file
// must not change while it is read.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redkeep/result.h"

namespace redkeep::recovery {

/// A column that a file may have; its place in the list is how a row's fields are asked for.
struct CsvColumn {
  std::string_view name;
  bool required = true;
};

class CsvReader {
 public:
  static constexpr std::size_t kMaxFieldBytes = std::size_t{64} << 20;
  static constexpr std::size_t kMaxFields = 1000;

  enum class Next {
    Row,     ///< field() gives its fields.
    BadRow,  ///< problem() says what is wrong; reading can go on after it.
    Broken,  ///< problem() says why nothing more can be read (an open quote, a changed file); so
             ///< does every next() after it.
    End,
  };

  /// Which bytes a file had: with another size, time or inode it is another file.
  struct Version {
    std::int64_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };

  /// Opens a regular file and reads its header. The error names file, line, column and reason; the
  /// file as `shown_name`, or as the last part of its path where that is empty.
  static Result<CsvReader> open(const std::string& path, std::vector<CsvColumn> columns,
                                const std::string& shown_name = {});

  Next next();

  /// A field of the row, by the column's place in the list given to open(); empty if the file does
  /// not have the column. Good until next().
  std::string_view field(std::size_t column) const;

  /// "entities.csv:17:42: " and the reason, for a field of the row that is there now.
  std::string problem_at(std::size_t column, std::string_view reason) const;
  /// Of a BadRow or a Broken file, with its place in front.
  const std::string& problem() const { return problem_; }

  /// The row as its fields, written again as CSV (for a file of rejected rows); of a row that is no
  /// CSV, and of what is left of a Broken file, the bytes as they were (below 128 MiB).
  std::string row_as_csv() const;
  /// Whether row_as_csv() has as many fields as the header; not where the row is no CSV.
  bool row_fits_header() const { return bad_row_.empty() && fields_.size() == header_fields_; }
  std::size_t header_fields() const { return header_fields_; }
  const std::string& header() const { return header_; }

  /// Whether Broken comes not from the bytes but from the file: it was changed meanwhile or cannot
  /// be read, and nothing of it should be used.
  bool failed() const { return failed_; }

  const std::string& name() const { return shown_name_; }
  const Version& version() const { return version_; }
  std::int64_t line() const { return row_line_; }
  std::int64_t bytes_read() const { return consumed_bytes_; }
  std::int64_t file_bytes() const { return version_.bytes; }

 private:
  struct Field {
    std::string_view text;
    std::int64_t line;
    std::int64_t column;  // in bytes, from 1
    bool has_doubled_quotes;
  };
  enum class Step { Done, NeedMore, Bad, BadWhole };  // BadWhole: it was read to its end
  // Closes the file with the reader.
  class File {
   public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
      std::swap(descriptor_, other.descriptor_);
      return *this;
    }
    ~File();
    int descriptor() const { return descriptor_; }

   private:
    int descriptor_ = -1;
  };

  CsvReader() = default;
  Status open_file(const std::string& path, const std::string& shown_name);
  Status read_header(std::vector<CsvColumn> columns);
  Status map_header(const std::vector<CsvColumn>& columns);
  void fill();
  Next next_raw();
  Step parse_row();
  Step parse_quoted(char*& at, char* end, Field& field);
  Step parse_plain(char*& at, char* end, Field& field);
  Step end_field(char*& at, char* end, bool& row_ends);
  Step bad(char* at, std::string_view reason);
  Step check_row(std::string_view row);
  bool find_bad_text(std::string_view row);
  Next skip_bad_row();
  Next broken(std::string_view reason, std::int64_t line, std::int64_t column);
  bool unchanged() const;

  std::string shown_name_;
  File file_;
  Version version_;
  std::vector<char> buffer_;
  std::size_t start_ = 0;  // of what is not parsed yet
  std::size_t filled_ = 0;
  bool at_end_ = false;
  bool broken_ = false;
  bool failed_ = false;
  int read_error_ = 0;  // errno
  std::int64_t consumed_bytes_ = 0;

  std::int64_t line_ = 1;  // of the next row
  std::int64_t row_line_ = 1;
  // While a row is parsed: its line so far, where that line starts, where a quote was opened, and
  // how many bytes in front of a fault have been read.
  std::int64_t at_line_ = 1;
  const char* line_start_ = nullptr;
  std::int64_t quote_line_ = 0;
  std::int64_t quote_column_ = 0;
  std::size_t before_fault_ = 0;

  std::vector<Field> fields_;
  std::vector<int> places_;  // of each wanted column in the file; -1: not there
  std::size_t header_fields_ = 0;
  std::string header_;
  std::string problem_;
  std::string bad_row_;
};

}  // namespace redkeep::recovery
