// Design: the file is read in blocks into one buffer; a row is parsed in place once all of it is in
// the buffer (which grows for a long row, up to the field limit). Doubled quotes are closed up in
// place, so no field is ever copied. Rejected: mmap, because a file that is truncated while it is
// read would kill the process.
#include "recovery/csv/csv_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "content/record_rules.h"
#include "error/error.h"
#include "recovery/csv/csv_field.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kReadBlockBytes = std::size_t{1} << 20;
constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::size_t kMostRowBytes = 2 * CsvReader::kMaxFieldBytes;

// The characters that a field without quotes cannot go on with.
constexpr std::array<bool, 256> kEndsPlain = [] {
  std::array<bool, 256> ends{};
  for (const char c : {',', '\n', '\r', '"'}) ends[static_cast<std::size_t>(c)] = true;
  return ends;
}();

CsvReader::Version version_of(const struct stat& status) {
  return {status.st_size, status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec,
          status.st_ino};
}

// "" in a quoted field stands for one quote; what follows moves up. Plain fields have no quotes.
void close_up_quotes(std::string_view& text) {
  char* out = const_cast<char*>(text.data());
  const char* from = text.data();
  const char* const end = from + text.size();
  const char* quote = static_cast<const char*>(std::memchr(from, '"', text.size()));
  while (quote != nullptr) {
    const auto kept = static_cast<std::size_t>(quote + 1 - from);
    if (out != from) std::memmove(out, from, kept);
    out += kept;
    from = quote + 2;
    quote = static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(end - from)));
  }
  const auto rest = static_cast<std::size_t>(end - from);
  if (out != from) std::memmove(out, from, rest);
  text = std::string_view(text.data(), static_cast<std::size_t>(out - text.data()) + rest);
}

}  // namespace

CsvReader::File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<CsvReader> CsvReader::open(const std::string& path, std::vector<CsvColumn> columns,
                                  const std::string& shown_name) {
  CsvReader reader;
  if (const Status opened = reader.open_file(path, shown_name); !opened) return opened.error();
  if (const Status read = reader.read_header(std::move(columns)); !read) return read.error();
  return reader;
}

Status CsvReader::open_file(const std::string& path, const std::string& shown_name) {
  shown_name_ = printable(shown_name.empty() ? path.substr(path.rfind('/') + 1) : shown_name);
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  file_ = File(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file_.descriptor() < 0) {
    return make_error(errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io, "cannot open {}: {}",
                      printable(shown_name.empty() ? path : shown_name), system_reason(errno));
  }
  struct stat status {};
  if (::fstat(file_.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return make_error(ErrorKind::Io, "{} is not a regular file", printable(path));
  }
  version_ = version_of(status);
  // A small file needs no block of its own: this is what zeroing one costs.
  buffer_.resize(
      std::clamp(static_cast<std::size_t>(version_.bytes) + 1, std::size_t{4096}, kReadBlockBytes));
  return {};
}

Status CsvReader::read_header(std::vector<CsvColumn> columns) {
  fill();
  if (std::string_view(buffer_.data(), filled_).starts_with(kBom)) {
    start_ = kBom.size();
    consumed_bytes_ = static_cast<std::int64_t>(start_);
  }
  const Next header = next_raw();
  if (header == Next::End) {
    return make_error(ErrorKind::InvalidInput, "{}:1:1: the file is empty: it needs a header",
                      shown_name_);
  }
  if (header != Next::Row) {
    return Error{failed_ ? ErrorKind::Io : ErrorKind::InvalidInput, problem_};
  }
  header_ = row_as_csv();
  header_fields_ = fields_.size();
  return map_header(columns);
}

Status CsvReader::map_header(const std::vector<CsvColumn>& columns) {
  const auto bad_header = [&](std::int64_t column, std::string_view reason) {
    return make_error(ErrorKind::InvalidInput, "{}:1:{}: {}", shown_name_, column, reason);
  };
  places_.assign(columns.size(), -1);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    const auto known = std::find_if(columns.begin(), columns.end(), [&](const CsvColumn& column) {
      return column.name == field.text;
    });
    if (known == columns.end()) {
      return bad_header(field.column,
                        fmt::format("unknown column \"{}\"", printable(field.text, 80)));
    }
    int& place = places_[static_cast<std::size_t>(known - columns.begin())];
    if (place >= 0) {
      return bad_header(field.column, fmt::format("the column \"{}\" is there twice", field.text));
    }
    place = static_cast<int>(i);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].required && places_[i] < 0) {
      return bad_header(1, fmt::format("the column \"{}\" is missing", columns[i].name));
    }
  }
  return {};
}

// Reads more behind what is not parsed yet, or finds that there is no more to read.
void CsvReader::fill() {
  if (start_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + start_, filled_ - start_);
    filled_ -= start_;
    start_ = 0;
  }
  if (filled_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  for (;;) {
    const ssize_t bytes =
        ::read(file_.descriptor(), buffer_.data() + filled_, buffer_.size() - filled_);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes > 0) filled_ += static_cast<std::size_t>(bytes);
    if (bytes < 0) read_error_ = errno;
    // One that grows as fast as it is read would have no end.
    const bool has_grown = consumed_bytes_ + static_cast<std::int64_t>(filled_) > file_bytes();
    at_end_ = bytes <= 0 || has_grown;
    return;
  }
}

bool CsvReader::unchanged() const {
  struct stat status {};
  return ::fstat(file_.descriptor(), &status) == 0 && version_of(status) == version_;
}

CsvReader::Next CsvReader::next() {
  const Next found = next_raw();
  if (found != Next::Row || fields_.size() == header_fields_) return found;
  problem_ = fmt::format("{}:{}:1: the row has {} field{}, the header {}", shown_name_, row_line_,
                         fields_.size(), fields_.size() == 1 ? "" : "s", header_fields_);
  return Next::BadRow;
}

CsvReader::Next CsvReader::next_raw() {
  if (broken_) return Next::Broken;
  problem_.clear();
  bad_row_.clear();
  while (read_error_ == 0) {
    const Step step = start_ < filled_ ? parse_row() : Step::NeedMore;
    if (step == Step::Done) return Next::Row;
    if (step == Step::BadWhole) return Next::BadRow;
    if (step == Step::Bad) return skip_bad_row();
    if (at_end_) break;
    if (filled_ - start_ >= kMostRowBytes) {
      return quote_line_ != 0 ? broken("the quote that opens here is not closed for 128 MiB",
                                       quote_line_, quote_column_)
                              : broken("the row is longer than 128 MiB", line_, 1);
    }
    fill();
  }
  failed_ = read_error_ != 0 || !unchanged();
  if (read_error_ != 0) {
    return broken("the file cannot be read: " + system_reason(read_error_), line_, 1);
  }
  if (failed_) {
    return broken("the file was changed while it was read: start again", line_, 1);
  }
  if (quote_line_ != 0) {
    return broken("the quote that opens here is never closed", quote_line_, quote_column_);
  }
  return Next::End;
}

CsvReader::Next CsvReader::broken(std::string_view reason, std::int64_t line, std::int64_t column) {
  problem_ = fmt::format("{}:{}:{}: {}", shown_name_, line, column, reason);
  fields_.clear();
  const std::size_t left = filled_ - start_;
  if (bad_row_.size() + left < kMostRowBytes) {
    bad_row_.append(buffer_.data() + start_, left);
  } else {
    bad_row_.clear();  // a part of a row is no row
  }
  broken_ = true;
  return Next::Broken;
}

// A row is parsed from its start each time more of it has come: rows are short against blocks.
CsvReader::Step CsvReader::parse_row() {
  fields_.clear();
  char* at = buffer_.data() + start_;
  char* const end = buffer_.data() + filled_;
  // Closing up doubled quotes changes the bytes, so a row must be whole before it is touched.
  row_line_ = at_line_ = line_;
  line_start_ = at;
  quote_line_ = 0;
  for (bool row_ends = false; !row_ends;) {
    if (fields_.size() == kMaxFields) {
      return bad(at, fmt::format("there are more than {} fields", kMaxFields));
    }
    Field field{{}, at_line_, at - line_start_ + 1, false};
    const bool quoted = at < end && *at == '"';
    Step step = quoted ? parse_quoted(at, end, field) : parse_plain(at, end, field);
    if (step == Step::Done) step = end_field(at, end, row_ends);
    if (step != Step::Done) return step;
    fields_.push_back(field);
  }
  const std::string_view row(buffer_.data() + start_,
                             static_cast<std::size_t>(at - (buffer_.data() + start_)));
  start_ += row.size();
  consumed_bytes_ += static_cast<std::int64_t>(row.size());
  line_ = at_line_;
  return check_row(row);
}

// What only a whole row can be asked. A fault here keeps the row's end where it is.
CsvReader::Step CsvReader::check_row(std::string_view row) {
  if (find_bad_text(row)) {
    bad_row_ = row.substr(0, row.find_last_not_of("\r\n") + 1);
    return Step::BadWhole;
  }
  for (Field& field : fields_) {
    if (field.has_doubled_quotes) close_up_quotes(field.text);
  }
  for (const Field& field : fields_) {
    if (field.text.size() <= kMaxFieldBytes) continue;
    problem_ = fmt::format("{}:{}:{}: a field has more than {} MiB", shown_name_, field.line,
                           field.column, kMaxFieldBytes >> 20);
    return Step::BadWhole;
  }
  return Step::Done;
}

// Whether a byte of the row is no text; then the problem names it.
bool CsvReader::find_bad_text(std::string_view row) {
  const std::size_t bad_byte = content::utf8_bytes(row);
  if (bad_byte == row.size()) return false;
  const auto before = row.substr(0, bad_byte);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t column = bad_byte - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  const auto byte = static_cast<unsigned char>(row[bad_byte]);
  const auto reason =
      byte == 0 ? "a NUL byte" : fmt::format("the byte \\x{:02x} is not UTF-8", byte);
  problem_ = fmt::format("{}:{}:{}: {}", shown_name_, row_line_ + lines, column, reason);
  return true;
}

CsvReader::Step CsvReader::parse_quoted(char*& at, char* end, Field& field) {
  quote_line_ = at_line_;
  quote_column_ = at - line_start_ + 1;
  char* const begin = ++at;
  for (;;) {
    char* quote = static_cast<char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    // A quote at the very end of what is there may be the first of two.
    if (quote == nullptr || (quote + 1 == end && !at_end_)) return Step::NeedMore;
    for (char* newline = at;
         (newline = static_cast<char*>(
              std::memchr(newline, '\n', static_cast<std::size_t>(quote - newline)))) != nullptr;) {
      ++at_line_;
      line_start_ = ++newline;
    }
    at = quote + 1;
    if (at < end && *at == '"') {
      ++at;
      field.has_doubled_quotes = true;
      continue;
    }
    field.text = std::string_view(begin, static_cast<std::size_t>(quote - begin));
    quote_line_ = 0;
    return Step::Done;
  }
}

CsvReader::Step CsvReader::parse_plain(char*& at, char* end, Field& field) {
  char* const begin = at;
  while (at < end && !kEndsPlain[static_cast<unsigned char>(*at)]) ++at;
  if (at == end && !at_end_) return Step::NeedMore;
  if (at < end && *at == '"') return bad(at, "a quote in the middle of a field");
  field.text = std::string_view(begin, static_cast<std::size_t>(at - begin));
  return Step::Done;
}

// After a field there is a comma, the end of the row, or the end of the file.
CsvReader::Step CsvReader::end_field(char*& at, char* end, bool& row_ends) {
  if (at == end) {
    if (!at_end_) return Step::NeedMore;
    row_ends = true;
    return Step::Done;
  }
  if (*at == ',') {
    ++at;
    return Step::Done;
  }
  if (*at == '\r') {
    if (at + 1 == end && !at_end_) return Step::NeedMore;
    if (at + 1 == end || at[1] != '\n') return bad(at, "a carriage return without a newline");
    ++at;
  }
  if (*at != '\n') return bad(at, "text after the closing quote of a field");
  ++at;
  row_ends = true;
  ++at_line_;
  return Step::Done;
}

// Bytes that are no text come first, where they are in front of the fault: they tell what is wrong
// with a file in another encoding.
CsvReader::Step CsvReader::bad(char* at, std::string_view reason) {
  char* const begin = buffer_.data() + start_;
  before_fault_ = static_cast<std::size_t>(at - begin);
  if (!find_bad_text({begin, before_fault_})) {
    problem_ = fmt::format("{}:{}:{}: {}", shown_name_, at_line_, at - line_start_ + 1, reason);
    // It may be there that a quote is open which should not be.
    if (row_line_ != at_line_) problem_ += fmt::format(" (the row begins in line {})", row_line_);
  }
  return Step::Bad;
}

// A bad row ends at the next newline behind its fault, which was not inside quotes. What is in
// front of the fault may be quoted text with newlines, and must not be taken for rows.
CsvReader::Next CsvReader::skip_bad_row() {
  quote_line_ = 0;
  line_ = at_line_ + 1;
  for (std::size_t searched = before_fault_;; searched = 0) {
    char* const begin = buffer_.data() + start_;
    const std::size_t left = filled_ - start_;
    char* newline = static_cast<char*>(std::memchr(begin + searched, '\n', left - searched));
    const std::size_t bytes =
        newline == nullptr ? left : static_cast<std::size_t>(newline - begin) + 1;
    bad_row_.append(begin, bytes);
    start_ += bytes;
    consumed_bytes_ += static_cast<std::int64_t>(bytes);
    if (newline != nullptr || at_end_) break;
    if (bad_row_.size() >= kMostRowBytes) {
      return broken("the row is longer than 128 MiB", row_line_, 1);
    }
    fill();
  }
  while (!bad_row_.empty() && (bad_row_.back() == '\n' || bad_row_.back() == '\r'))
    bad_row_.pop_back();
  return Next::BadRow;
}

std::string_view CsvReader::field(std::size_t column) const {
  const int place = places_[column];
  return place < 0 ? std::string_view() : fields_[static_cast<std::size_t>(place)].text;
}

std::string CsvReader::problem_at(std::size_t column, std::string_view reason) const {
  const int place = places_[column];
  if (place < 0) return fmt::format("{}:{}:1: {}", shown_name_, row_line_, reason);
  const Field& field = fields_[static_cast<std::size_t>(place)];
  return fmt::format("{}:{}:{}: {}", shown_name_, field.line, field.column, reason);
}

std::string CsvReader::row_as_csv() const {
  if (!bad_row_.empty()) return bad_row_;
  std::string row;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) row += ',';
    append_csv_field(row, fields_[i].text);
  }
  return row;
}

}  // namespace redkeep::recovery
