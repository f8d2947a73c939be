#include "guard/ledger_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "error/error.h"
#include "guard/ledger_file.h"
#include "guard/ledger_line.h"

namespace redkeep::guard {
namespace {

// An open file and who it is, whatever it is called by now.
class OpenFile {
 public:
  OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { close(); }

  // Nothing happens if there is no such file.
  Status open(const std::string& path) {
    close();
    path_ = path;
    // O_NONBLOCK: a pipe of that name must not make us wait for a writer.
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file_ < 0 && (errno == ENOENT || errno == ENOTDIR)) return {};
    if (file_ < 0 || ::fstat(file_, &status_) != 0) return failure(system_reason(errno));
    if (!S_ISREG(status_.st_mode)) return failure("it is no regular file");
    return {};
  }
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  bool is_open() const { return file_ >= 0; }
  bool is_same_as(const OpenFile& other) const {
    return is_open() && other.is_open() && status_.st_dev == other.status_.st_dev &&
           status_.st_ino == other.status_.st_ino;
  }
  // 0 at the end.
  Result<std::size_t> read(char* into, std::size_t most_bytes) {
    for (;;) {
      const ssize_t count = ::read(file_, into, most_bytes);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return failure(system_reason(errno));
    }
  }

 private:
  Error failure(std::string_view why) const {
    return make_error(ErrorKind::Io, "{} cannot be read: {}", printable(path_), why);
  }

  std::string path_;
  int file_ = -1;
  struct stat status_ {};
};

// Cuts bytes into lines, keeping no more than one line.
class LineCutter {
 public:
  LineCutter(const TakeEntry& take, LedgerReading& reading) : take_(take), reading_(reading) {}

  void add(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      keep(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      if (!take_line()) ++reading_.bad_lines;
      start_line();
    }
  }
  // What is left without an end may still be whole: only the end of its line was cut.
  void end() {
    if (line_bytes_ > 0 && !take_line()) reading_.torn_bytes = line_bytes_;
    start_line();
  }

 private:
  void keep(std::string_view piece) {
    line_bytes_ += std::ssize(piece);
    if (line_.size() <= kMostLineBytes) line_ += piece;
  }
  void start_line() {
    line_.clear();
    line_bytes_ = 0;
  }
  bool take_line() {
    auto entry = parse_line(line_);
    if (entry) take_(line_, std::move(*entry));
    return entry.has_value();
  }

  const TakeEntry& take_;
  LedgerReading& reading_;
  std::string line_;
  std::int64_t line_bytes_ = 0;
};

Status read_lines(OpenFile& file, LineCutter& lines) {
  std::array<char, std::size_t{32} << 10> block;
  while (file.is_open()) {
    const auto count = file.read(block.data(), block.size());
    if (!count) return count.error();
    if (*count == 0) break;
    lines.add({block.data(), *count});
  }
  lines.end();
  return {};
}

}  // namespace

Result<LedgerReading> read_ledger(const std::string& directory, const TakeEntry& take) {
  OpenFile newer;
  OpenFile older;
  // Opened before anything is read, the newer one first: if the writer starts a new file meanwhile,
  // both names may lead to the same one, and then we look again. A link stays one however often.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (const Status opened = newer.open(ledger_path(directory)); !opened) return opened.error();
    if (const Status opened = older.open(older_ledger_path(directory)); !opened) {
      return opened.error();
    }
    if (!newer.is_same_as(older)) break;
  }
  if (newer.is_same_as(older)) older.close();
  if (!newer.is_open() && !older.is_open()) {
    return make_error(ErrorKind::NotFound, "there is no {}", printable(ledger_path(directory)));
  }
  LedgerReading reading;
  LineCutter lines(take, reading);
  if (const Status read = read_lines(older, lines); !read) return read.error();
  // Nothing is added to the older file any more: a piece at its end is a bad line like any other.
  if (std::exchange(reading.torn_bytes, 0) > 0) ++reading.bad_lines;
  if (const Status read = read_lines(newer, lines); !read) return read.error();
  return reading;
}

}  // namespace redkeep::guard
