#include "recovery/disk/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

Error failed(std::string_view doing, const std::string& path, int error_number) {
  return make_error(ErrorKind::Io, "cannot {} {}: {}", doing, path, system_reason(error_number));
}

Status done(int result, std::string_view doing, const std::string& path) {
  if (result == 0) return Status{};
  return failed(doing, path, errno);
}

}  // namespace

int Disk::open(const std::string& path, int flags) {
  return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

ssize_t Disk::write(int descriptor, std::string_view bytes) {
  return ::write(descriptor, bytes.data(), bytes.size());
}

int Disk::sync(int descriptor) { return ::fdatasync(descriptor); }

int Disk::truncate(int descriptor, off_t bytes) { return ::ftruncate(descriptor, bytes); }

int Disk::close(int descriptor) { return ::close(descriptor); }

int Disk::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str());
}

int Disk::exchange(const std::string& one, const std::string& other) {
  return ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
}

int Disk::remove(const std::string& path) { return ::unlink(path.c_str()); }

int Disk::make_directory(const std::string& path) { return ::mkdir(path.c_str(), S_IRWXU); }

int Disk::remove_directory(const std::string& path) { return ::rmdir(path.c_str()); }

int Disk::sync_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  const int result = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  errno = error_number;
  return result;
}

Disk& Disk::real() {
  static Disk disk;
  return disk;
}

Result<OutputFile> OutputFile::open(Disk& disk, std::string path, int flags) {
  int descriptor = -1;
  do {
    descriptor = disk.open(path, flags | O_WRONLY);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return failed("open", path, errno);
  return OutputFile(disk, std::move(path), descriptor);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : disk_(other.disk_),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(disk_, other.disk_);
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) disk_->close(descriptor_);
}

Status OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = disk_->write(descriptor_, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path_, errno);
    if (written == 0) return failed("write", path_, ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status{};
}

// Not repeated after EINTR: a sync that failed may have dropped what it could not write.
Status OutputFile::sync() { return done(disk_->sync(descriptor_), "sync", path_); }

Status OutputFile::truncate(std::int64_t bytes) {
  return done(disk_->truncate(descriptor_, bytes), "truncate", path_);
}

Status OutputFile::close() {
  return done(disk_->close(std::exchange(descriptor_, -1)), "close", path_);
}

Status rename_for_good(Disk& disk, const std::string& from, const std::string& to) {
  if (disk.rename(from, to) != 0) return failed("rename " + from + " to", to, errno);
  const std::string parent = std::filesystem::path(to).parent_path().string();
  return sync_directory(disk, parent.empty() ? "." : parent);
}

Status remove_file(Disk& disk, const std::string& path) {
  if (disk.remove(path) == 0 || errno == ENOENT) return Status{};
  return failed("remove", path, errno);
}

Status make_directory(Disk& disk, const std::string& path) {
  if (disk.make_directory(path) == 0 || errno == EEXIST) return Status{};
  return failed("make the directory", path, errno);
}

Status sync_directory(Disk& disk, const std::string& path) {
  return done(disk.sync_directory(path), "sync the directory", path);
}

}  // namespace redkeep::recovery
