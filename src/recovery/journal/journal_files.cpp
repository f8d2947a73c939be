#include "recovery/journal/journal_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "error/error.h"

namespace redkeep::recovery {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormatVersion = "1";
constexpr std::string_view kHeading = "journal";
constexpr std::size_t kDigits = 20;
constexpr std::string_view kEnding = ".csv";

std::optional<std::int64_t> position_in(std::string_view name) {
  if (name.size() != kDigits + kEnding.size() || !name.ends_with(kEnding)) return std::nullopt;
  std::int64_t position = 0;
  const char* end = name.data() + kDigits;
  const auto digits = std::from_chars(name.data(), end, position);
  if (digits.ec != std::errc{} || digits.ptr != end || position < 1) return std::nullopt;
  return position;
}

}  // namespace

std::string journal_file_path(const std::string& directory, std::int64_t first_position) {
  return fmt::format("{}/{:020}{}", directory, first_position, kEnding);
}

Result<std::vector<JournalFileName>> journal_files(const std::string& directory) {
  std::vector<JournalFileName> found;
  std::error_code code;
  for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
    const auto position = position_in(at->path().filename().string());
    if (position) found.push_back({at->path().string(), *position});
  }
  if (code && code != std::errc::no_such_file_or_directory) {
    return make_error(ErrorKind::Io, "cannot read the directory {}: {}", printable(directory),
                      code.message());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first_position < b.first_position; });
  return found;
}

JournalLine journal_heading(std::int64_t first_position, std::uint32_t crc_before) {
  return {
      first_position, std::string(kHeading), {std::string(kFormatVersion), crc_text(crc_before)}};
}

std::optional<std::uint32_t> parse_heading(const JournalLine& line, std::int64_t first_position) {
  if (line.position != first_position || line.operation != kHeading) return std::nullopt;
  if (line.fields.size() != 2 || line.fields[0] != kFormatVersion) return std::nullopt;
  return parse_crc(line.fields[1]);
}

}  // namespace redkeep::recovery
