#pragma once
// One line of the journal: `position,operation,field,...,crc` as CSV (RFC 4180), the CRC-32C in 8
// hexadecimal digits. Pure.
//
// A record is one line, whatever is in it: in a field `\`, LF and CR are written as `\\`, `\n` and
// `\r`, so that the end of a line is always the end of a record. The CRC goes on from that of the
// line before, so a line that is missing, doubled or out of place is found like one that is wrong.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::recovery {

struct JournalLine {
  std::int64_t position = 0;
  std::string operation;
  std::vector<std::string> fields;

  friend bool operator==(const JournalLine&, const JournalLine&) = default;
};

/// Appends the line with its LF. Returns its CRC, which the next line goes on from.
std::uint32_t append_line(std::string& out, const JournalLine& line, std::uint32_t crc_before);

/// What a line says its CRC is, and what it is. Without 8 digits at its end it says nothing.
struct LineCrc {
  std::optional<std::uint32_t> written;
  std::uint32_t reckoned = 0;
  bool agrees() const { return written == reckoned; }
};

/// `line` is without its LF.
LineCrc crc_of_line(std::string_view line, std::uint32_t crc_before);

/// The parts of a line whose CRC agrees; nothing if they are no journal line all the same.
std::optional<JournalLine> parse_line(std::string_view line);

/// Of a CRC as a line ends with it.
inline constexpr std::size_t kCrcDigits = 8;
std::string crc_text(std::uint32_t crc);
std::optional<std::uint32_t> parse_crc(std::string_view text);

}  // namespace redkeep::recovery
