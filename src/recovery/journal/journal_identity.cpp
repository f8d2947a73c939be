#include "recovery/journal/journal_identity.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <random>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kIdentityDigits = 32;
// Longer than any path that is shown; a file that is not ours may be of any size.
constexpr std::size_t kMostIdentityBytes = 4096;

bool is_identity(std::string_view text) {
  if (text.size() <= kIdentityDigits + 1 || text[kIdentityDigits] != ' ') return false;
  return text.find_first_not_of("0123456789abcdef") == kIdentityDigits;
}

std::string random_digits() {
  std::random_device random;
  std::string digits;
  while (digits.size() < kIdentityDigits) digits += fmt::format("{:08x}", random() & 0xffffffffU);
  return digits;
}

std::string place_of_birth(const std::string& data_directory) {
  std::error_code code;
  auto path = std::filesystem::absolute(data_directory, code).lexically_normal().string();
  if (code) path = data_directory;
  std::array<char, 256> host{};
  const bool has_name = ::gethostname(host.data(), host.size() - 1) == 0;
  return fmt::format("{} on host {}", printable(path, 1000),
                     has_name ? printable(host.data()) : "(unknown)");
}

// Where it was begun; all of it, where somebody else wrote it.
std::string where_begun(std::string_view identity) {
  return printable(is_identity(identity) ? identity.substr(kIdentityDigits + 1) : identity, 1000);
}

}  // namespace

std::string journal_identity_path(const std::string& data_directory) {
  return data_directory + "/journal.id";
}

Result<std::string> read_journal_identity(const std::string& data_directory) {
  const std::string path = journal_identity_path(data_directory);
  std::error_code code;
  if (!std::filesystem::exists(path, code) && !code) return std::string();
  std::ifstream in(path, std::ios::binary);
  std::string text(kMostIdentityBytes, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) {
    return make_error(ErrorKind::Io, "cannot read {}", printable(path));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  if (is_identity(text) && text.find('\n') == std::string::npos) return text;
  return make_error(ErrorKind::Refused,
                    "{} is damaged: it has to say which journal is in this directory; put a good "
                    "copy in its place, or write into it what guard:journal says on the Redis that "
                    "this journal is applied to",
                    printable(path));
}

Result<std::string> begin_journal_identity(Disk& disk, const std::string& data_directory) {
  const std::string path = journal_identity_path(data_directory);
  std::string identity = random_digits() + ' ' + place_of_birth(data_directory);
  auto file = OutputFile::open(disk, path + ".new", O_CREAT | O_TRUNC);
  if (!file) return file.error();
  Status kept = file->write(identity + '\n');
  if (kept) kept = file->sync();
  if (kept) kept = file->close();
  if (kept) kept = rename_for_good(disk, path + ".new", path);
  if (!kept) return kept.error();
  return identity;
}

std::string of_another_journal(std::string_view key, std::string_view found, std::string_view own,
                               const std::string& data_directory) {
  const std::string where = printable(data_directory);
  return fmt::format(
      "this Redis belongs to another data directory: {0} says that it has the journal that was "
      "begun in {1}, and that in {2} {3}: use the data directory that belongs to it, or give {2} "
      "a Redis of its own; if the other one is lost for good, start once with a new data directory "
      "and [journal] durability = \"os\", which takes Redis as it is, and write a checkpoint at "
      "once (if it is this one, and only {2}/journal.id was lost, write into that what {0} says)",
      printable(key), where_begun(found), where,
      own.empty() ? std::string("has no identity")
                  : fmt::format("was begun in {}", where_begun(own)));
}

}  // namespace redkeep::recovery
