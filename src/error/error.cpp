#include "error/error.h"

#include <algorithm>
#include <array>
#include <system_error>

namespace redkeep {
namespace {

// The length of the well-formed UTF-8 sequence at the front (RFC 3629), 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) >= 0xA0))) return 0;
  if (length == 4 && ((lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) >= 0x90))) return 0;
  return length;
}

// Code points that cannot be seen, or that change the order in which others are shown: a name with
// them can look like another one. First and last.
constexpr std::array<std::pair<char32_t, char32_t>, 11> kUnseen{{
    {0x80, 0x9F},        // C1 controls steer terminals too
    {0xAD, 0xAD},        // soft hyphen
    {0x61C, 0x61C},      // Arabic letter mark
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200F},    // zero-width, and marks of direction
    {0x2028, 0x202E},    // ends of lines and paragraphs, embeddings and overrides
    {0x2060, 0x206F},    // joiners, invisible operators, isolates
    {0xFE00, 0xFE0E},    // variation selectors, but for that of emoji
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFF9, 0xFFFB},    // annotations
    {0xE0000, 0xE0FFF},  // tags
}};

char32_t code_point(std::string_view sequence) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return at(0);
  char32_t point = at(0) & (0x7FU >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) point = (point << 6) | (at(i) & 0x3FU);
  return point;
}

bool is_unseen(std::string_view sequence) {
  const char32_t point = code_point(sequence);
  return std::any_of(kUnseen.begin(), kUnseen.end(), [point](const auto& range) {
    return point >= range.first && point <= range.second;
  });
}

}  // namespace

std::string system_reason(int error_number) {
  return std::generic_category().message(error_number);
}

std::string printable(std::string_view bytes, std::size_t max_bytes) {
  std::string shown;
  const bool cut = bytes.size() > max_bytes;
  if (cut) bytes = bytes.substr(0, max_bytes);
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const auto lead = static_cast<unsigned char>(bytes[0]);
    const bool is_special = lead < 0x20 || lead == 0x7F || lead == '"' || lead == '\\';
    const auto character = bytes.substr(0, std::max<std::size_t>(length, 1));
    bytes.remove_prefix(character.size());
    if (length > 0 && !is_special && !is_unseen(character)) {
      shown += character;
      continue;
    }
    for (const char byte : character) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
  if (cut) shown += "...";
  return shown;
}

}  // namespace redkeep
