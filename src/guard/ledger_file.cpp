// The ledger is a record for people, not a journal: nothing is ever recovered from it. So there is
// no fsync. A line is in the kernel's hands when append() returns, so it survives a kill -9 of
// ours; a machine that fails may lose the last seconds, and the guard never waits for a disk that
// Redis may be writing its snapshot to.
//
// Two processes: one has the lock, and the other writes nothing until it gets it. Single writes
// with O_APPEND would keep lines whole too, but not the numbers without gaps, nor the change of
// files: one process would rename the file under the other. The lock is an open file description
// lock (fcntl(2)) on a file of its own: the kernel drops it however the process ends, it does not
// move when files are renamed, and, unlike flock, it can be asked about without being taken.
#include "guard/ledger_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "error/error.h"
#include "guard/ledger_line.h"
#include "guard/ledger_reader.h"
#include "redis/private_directory.h"

namespace redkeep::guard {
namespace {

constexpr mode_t kMode = 0600;

std::string lock_path(const std::string& directory) { return directory + "/ledger.lock"; }

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

std::string ledger_path(const std::string& directory) { return directory + "/ledger.jsonl"; }
std::string older_ledger_path(const std::string& directory) {
  return directory + "/ledger.1.jsonl";
}

bool is_ledger_in_use(const std::string& directory) {
  const int file = ::open(lock_path(directory).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  struct flock lock = whole_file(F_WRLCK);
  const bool asked = ::fcntl(file, F_OFD_GETLK, &lock) == 0;
  ::close(file);
  return asked && lock.l_type != F_UNLCK;
}

LedgerFile::LedgerFile(std::string directory, std::int64_t most_file_bytes)
    : directory_(std::move(directory)), most_file_bytes_(most_file_bytes) {}

LedgerFile::~LedgerFile() { close(); }

Status LedgerFile::append(const LedgerEntry& entry) {
  if (file_ >= 0 && !is_still_there()) close();
  if (file_ < 0) {
    if (const Status opened = open(); !opened) {
      close();
      return opened;
    }
  }
  LedgerEntry numbered = entry;
  numbered.number = std::max(entry.number, last_number_ + 1);
  const std::string line = print_line(numbered) + "\n";
  if (size_bytes_ > 0 && size_bytes_ + std::ssize(line) >= most_file_bytes_) {
    if (const Status rotated = rotate(); !rotated) return rotated;
  }
  if (const Status written = write_whole(ends_within_line_ ? "\n" + line : line); !written) {
    return written;
  }
  last_number_ = numbered.number;
  return {};
}

Status LedgerFile::open() {
  close();  // a lock of before would stand in our own way
  if (const Status made = redis::make_private_directory(directory_); !made) return made;
  if (const Status locked = take_lock(); !locked) return locked;
  if (const Status opened = open_file(); !opened) return opened;
  return find_last_number();
}

Status LedgerFile::take_lock() {
  const std::string path = lock_path(directory_);
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, kMode);
  if (lock_ < 0) return failure(path, "opened", errno);
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(lock_, F_OFD_SETLK, &lock) == 0) return {};
  if (errno != EAGAIN && errno != EACCES) return failure(path, "locked", errno);
  return make_error(ErrorKind::Refused,
                    "another process keeps its ledger in {}: give each guard a directory of its "
                    "own",
                    printable(directory_));
}

Status LedgerFile::open_file() {
  const std::string path = ledger_path(directory_);
  file_ = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, kMode);
  struct stat status {};
  if (file_ < 0 || ::fstat(file_, &status) != 0) return failure(path, "opened", errno);
  if (!S_ISREG(status.st_mode)) return failure(path, "used as a file", EINVAL);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  size_bytes_ = status.st_size;
  char last = '\n';
  if (size_bytes_ > 0 && ::pread(file_, &last, 1, size_bytes_ - 1) != 1) {
    return failure(path, "read", errno);
  }
  ends_within_line_ = last != '\n';
  return {};
}

Status LedgerFile::find_last_number() {
  last_number_ = 0;
  const TakeEntry look = [this](std::string_view, const LedgerEntry& entry) {
    last_number_ = std::max(last_number_, entry.number);
  };
  const auto read = read_ledger(directory_, look);
  return read ? Status{} : read.error();
}

Status LedgerFile::rotate() {
  const std::string path = ledger_path(directory_);
  if (::rename(path.c_str(), older_ledger_path(directory_).c_str()) != 0) {
    return failure(path, "renamed", errno);
  }
  ::close(std::exchange(file_, -1));
  return open_file();
}

Status LedgerFile::write_whole(const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file_, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) {
      written += static_cast<std::size_t>(count);
      continue;
    }
    const Error error = failure(ledger_path(directory_), "written", count == 0 ? EIO : errno);
    // The piece is taken back; if even that fails, the next line at least begins on its own.
    if (written > 0 && ::ftruncate(file_, size_bytes_) != 0) {
      size_bytes_ += static_cast<std::int64_t>(written);
      ends_within_line_ = true;
    }
    return error;
  }
  size_bytes_ += static_cast<std::int64_t>(written);
  ends_within_line_ = false;
  return {};
}

// Whoever removes the file or its directory must not leave us writing to nowhere.
bool LedgerFile::is_still_there() const {
  struct stat status {};
  return ::stat(ledger_path(directory_).c_str(), &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

void LedgerFile::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
}

Error LedgerFile::failure(const std::string& path, std::string_view what, int error_number) const {
  return make_error(ErrorKind::Io, "{} cannot be {}: {}", printable(path), what,
                    system_reason(error_number));
}

}  // namespace redkeep::guard
