// The lock is an open file description lock (fcntl(2)): the kernel drops it with the process, and
// two owners within one process stand in each other's way, too. The file's text says who has it.
#include "recovery/journal/data_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "error/error.h"
#include "recovery/journal/change_protocol.h"
#include "redis/private_directory.h"

namespace redkeep::recovery {
namespace {

constexpr const char* kLockName = "/owner.lock";

Error failure(const std::string& path, std::string_view what, int error_number) {
  return make_error(ErrorKind::Io, "{} cannot be {}: {}", printable(path), what,
                    system_reason(error_number));
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "(unknown)";
}

Error owned_already(const std::string& path) {
  std::string owner;
  std::getline(std::ifstream(path + kLockName), owner);
  return make_error(ErrorKind::Refused,
                    "the data directory {} belongs to {}: stop that one, or use another directory",
                    printable(path), owner.empty() ? "another process" : printable(owner));
}

Status write_owner(int file, const std::string& path) {
  const std::string owner = fmt::format("process {} on host {}\n", ::getpid(), host_name());
  if (::ftruncate(file, 0) == 0 &&
      ::pwrite(file, owner.data(), owner.size(), 0) == static_cast<ssize_t>(owner.size())) {
    return {};
  }
  return failure(path + kLockName, "written", errno);
}

}  // namespace

Result<DataDirectory> DataDirectory::own(std::string path) {
  std::error_code code;
  if (std::filesystem::exists(path + "/entities.csv", code)) {
    return make_error(ErrorKind::Refused,
                      "{} is a content directory (it has entities.csv): a data directory is one of "
                      "its own",
                      printable(path));
  }
  if (const Status made = redis::make_private_directory(path); !made) return made.error();
  const std::string lock_path = path + kLockName;
  const int file = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return failure(lock_path, "opened", errno);
  DataDirectory directory(std::move(path), file);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(file, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return owned_already(directory.path_);
    return failure(lock_path, "locked", errno);
  }
  if (const Status written = write_owner(file, directory.path_); !written) return written.error();
  // The socket of an owner that was killed must not be taken for one that lives.
  ::unlink(change_socket_path(directory.path_).c_str());
  return directory;
}

Status DataDirectory::require_free(const std::string& path) {
  const std::string lock_path = path + kLockName;
  const int file = ::open(lock_path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? Status{} : failure(lock_path, "opened", errno);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const int asked = ::fcntl(file, F_OFD_GETLK, &lock);
  const int reason = errno;
  ::close(file);
  if (asked != 0) return failure(lock_path, "asked for its lock", reason);
  return lock.l_type == F_UNLCK ? Status{} : Status{owned_already(path)};
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace redkeep::recovery
