#pragma once
// The journal's files: `journal/` holds one for each run of positions, named by the first of them,
// of at most 64 MiB. Each begins with a line that ties it to the one before it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recovery/journal/journal_line.h"
#include "redkeep/result.h"

namespace redkeep::recovery {

inline constexpr std::int64_t kMostJournalFileBytes = std::int64_t{64} << 20;

/// `DIR/00000000000000000001.csv`
std::string journal_file_path(const std::string& directory, std::int64_t first_position);

struct JournalFileName {
  std::string path;
  std::int64_t first_position = 0;
};

/// In the order of their positions; other files are left out. None if there is no such directory.
Result<std::vector<JournalFileName>> journal_files(const std::string& directory);

/// The first line of a file: `first_position,journal,1,crc` with the CRC of the last line of the
/// file before. Its own CRC begins anew.
JournalLine journal_heading(std::int64_t first_position, std::uint32_t crc_before);
/// The CRC of the line before; nothing if it is no heading of the file of that position.
std::optional<std::uint32_t> parse_heading(const JournalLine& line, std::int64_t first_position);

}  // namespace redkeep::recovery
