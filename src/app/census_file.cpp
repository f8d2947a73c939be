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
constexpr std::uintmax_t kMostBytes = std::uintmax_t{16} << 20;
}  // namespace

Result<census::CensusState> read_census_file(const std::string& path,
                                             const census::CensusSubject& subject,
                                             const keys::ClassTable& table) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) return census::CensusState{};
  if (!std::filesystem::is_regular_file(status)) {
    return make_error(ErrorKind::InvalidInput, "{}: it is not a regular file", printable(path));
  }
  if (std::filesystem::file_size(path, failure) > kMostBytes || failure) {
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

Status write_census_file(const std::string& path, const census::CensusSubject& subject,
                         const census::CensusState& state) {
  const std::string beside = path + ".new";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << census::print_state(subject, state) << '\n';
    file.flush();
    if (!file) {
      return make_error(ErrorKind::Io, "cannot write {}: {}", printable(beside),
                        system_reason(errno));
    }
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    return make_error(ErrorKind::Io, "cannot write {}: {}", printable(path), system_reason(errno));
  }
  return {};
}

void remove_census_file(const std::string& path) { std::remove(path.c_str()); }

}  // namespace redkeep::app
