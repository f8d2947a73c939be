#include "app/census_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "error/error.h"

namespace redkeep::app {
namespace {
// Far above what the largest configuration of classes takes.
constexpr std::uintmax_t kMostCensusFileBytes = std::uintmax_t{16} << 20;

// False where there is none.
Result<bool> find_file(const std::string& path) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) return false;
  if (std::filesystem::is_regular_file(status)) return true;
  return make_error(ErrorKind::InvalidInput, "{}: it is not a regular file", printable(path));
}

std::string file_beside(const std::string& path) { return path + ".new"; }

// Leaves no part of a file behind when it fails.
Status write_beside(const std::string& path, std::string_view text) {
  const std::string beside = file_beside(path);
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (file) return {};
  const int reason = errno;
  std::remove(beside.c_str());
  return make_error(ErrorKind::Io, "cannot write {}: {}", printable(beside), system_reason(reason));
}
}  // namespace

Result<census::CensusState> read_census_file(const std::string& path,
                                             const census::CensusSubject& subject,
                                             const keys::ClassTable& table) {
  const auto is_there = find_file(path);
  if (!is_there) return is_there.error();
  if (!*is_there) return census::CensusState{};
  std::error_code failure;
  if (std::filesystem::file_size(path, failure) > kMostCensusFileBytes || failure) {
    return make_error(ErrorKind::InvalidInput, "{}: it is too large to be a census",
                      printable(path));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return make_error(ErrorKind::Io, "cannot read {}: {}", printable(path), system_reason(errno));
  }
  auto state = census::parse_state(text.str(), subject, table);
  if (!state) return within(printable(path), state.error());
  return state;
}

// With as much text as a count may have: a disk that is full takes a byte, perhaps, and no more.
Status check_census_file(const std::string& path) {
  constexpr std::size_t kUsualBytes = 16 * 1024;
  const auto is_there = find_file(path);
  if (!is_there) return is_there.error();
  const Status written = write_beside(path, std::string(kUsualBytes, ' '));
  if (written) std::remove(file_beside(path).c_str());
  return written;
}

Status write_census_file(const std::string& path, const census::CensusSubject& subject,
                         const census::CensusState& state) {
  const Status written = write_beside(path, census::print_state(subject, state) + '\n');
  if (!written) return written;
  const std::string beside = file_beside(path);
  if (std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  std::remove(beside.c_str());
  return make_error(ErrorKind::Io, "cannot write {}: {}", printable(path), system_reason(reason));
}

void remove_census_file(const std::string& path) { std::remove(path.c_str()); }

}  // namespace redkeep::app
