#include "redis/private_directory.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "error/error.h"

namespace redkeep::redis {
namespace {

constexpr mode_t kOfOthers = S_IRWXG | S_IRWXO;

}  // namespace

// mkdir sets the rights with the directory: there is no moment at which it is open to others.
Status make_private_directory(const std::string& path) {
  std::error_code code;
  std::filesystem::path directory(path);
  if (!directory.has_filename()) directory = directory.parent_path();  // "data/"
  if (directory.has_parent_path()) {
    std::filesystem::create_directories(directory.parent_path(), code);
    if (code) {
      return make_error(ErrorKind::Io, "{} cannot be made: {}", printable(path),
                        system_reason(code.value()));
    }
  }
  if (::mkdir(directory.c_str(), S_IRWXU) == 0) return {};
  const int failed = errno;
  if (failed == EEXIST && std::filesystem::is_directory(directory, code)) return {};
  return make_error(ErrorKind::Io, "{} cannot be made: {}", printable(path),
                    system_reason(failed == EEXIST ? ENOTDIR : failed));
}

std::optional<std::string> who_else_may_use(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & kOfOthers) == 0) return std::nullopt;
  return fmt::format(
      "other users have rights to {} (its mode is {:04o}), and what Redis writes there holds the "
      "tokens of sessions: chmod -R go= {}",
      printable(path), status.st_mode & 07777, printable(path));
}

}  // namespace redkeep::redis
