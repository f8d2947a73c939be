#include "content/record_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "content/json_text.h"
#include "error/error.h"

namespace redkeep::content {
namespace {

constexpr std::size_t kMostTypeBytes = 64;
constexpr std::size_t kMostSemanticBytes = 128;
constexpr std::size_t kMostPathBytes = 512;
constexpr std::size_t kMostStampBytes = 256;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Looks at all of it, without a branch a character: nearly every text is fine, and so many
// characters are looked at in one step.
bool has_control(std::string_view text) {
  unsigned found = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    found |= static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte == 0x7F);
  }
  return found != 0;
}

// What a character is in a UUID: 1 a digit, 2 a dash, 0 nothing.
constexpr std::array<std::uint8_t, 256> kUuidCharacters = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (const char c : std::string_view("0123456789abcdef")) kinds[static_cast<std::size_t>(c)] = 1;
  kinds['-'] = 2;
  return kinds;
}();

FieldFault fault(std::string_view field, std::string_view value, std::string_view why) {
  return FieldFault{field, fmt::format("\"{}\" {}", printable(value, 80), why)};
}

std::optional<FieldFault> stamp_fault(std::string_view field, std::string_view value) {
  if (value.size() <= kMostStampBytes && !has_control(value)) return std::nullopt;
  return fault(field, value, "is longer than 256 bytes or has control characters");
}

// The length of the well-formed sequence of several bytes at `at`, or 0.
std::size_t multibyte_length(const unsigned char* at, std::size_t left) {
  const unsigned char lead = at[0];
  const std::size_t length = lead < 0xC2   ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || left < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90);
  const bool outside = (lead == 0xED && at[1] >= 0xA0) || (lead == 0xF4 && at[1] >= 0x90);
  return overlong || outside ? 0 : length;
}

}  // namespace

std::size_t utf8_bytes(std::string_view text) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* at = begin;
  std::size_t left = text.size();
  while (left > 0) {
    // Eight bytes of plain ASCII without NUL at a time: most text is.
    while (left >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      const std::uint64_t has_zero = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
      if ((word & 0x8080808080808080ULL) != 0 || has_zero != 0) break;
      at += 8;
      left -= 8;
    }
    if (left == 0 || *at == 0) break;
    const std::size_t length = *at < 0x80 ? 1 : multibyte_length(at, left);
    if (length == 0) break;
    at += length;
    left -= length;
  }
  return static_cast<std::size_t>(at - begin);
}

bool is_utf8(std::string_view text) { return utf8_bytes(text) == text.size(); }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  unsigned wrong = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    wrong |= kUuidCharacters[static_cast<unsigned char>(text[i])] ^ (dash ? 2U : 1U);
  }
  return wrong == 0;
}

bool is_type_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostTypeBytes && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool is_semantic_name(std::string_view text) {
  return text.size() >= 2 && text.size() <= 1 + kMostSemanticBytes && text[0] == '$' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) {
           return is_lower(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
         });
}

std::optional<FieldFault> find_fault(const EntityView& entity) {
  if (!is_uuid(entity.id)) return fault("id", entity.id, "is not a UUID in lower case");
  if (!is_type_name(entity.type))
    return fault("type", entity.type, "is not of the form [a-z][a-z0-9_-]*");
  if (!entity.semantic_name.empty() && !is_semantic_name(entity.semantic_name)) {
    return fault("semantic_name", entity.semantic_name, "is not $ and 1 to 128 of [a-z0-9_.-]");
  }
  if (auto why = json_object_fault(entity.data)) {
    return FieldFault{"data", fmt::format("is not a JSON object: {}", *why)};
  }
  if (auto bad = stamp_fault("created_by", entity.created_by)) return bad;
  if (auto bad = stamp_fault("created_at", entity.created_at)) return bad;
  return stamp_fault("updated_at", entity.updated_at);
}

std::optional<FieldFault> find_fault(const AssociationView& association) {
  if (!is_uuid(association.parent_id)) {
    return fault("parent_id", association.parent_id, "is not a UUID in lower case");
  }
  if (!is_uuid(association.child_id)) {
    return fault("child_id", association.child_id, "is not a UUID in lower case");
  }
  if (association.parent_id == association.child_id) {
    return fault("child_id", association.child_id, "is the parent itself");
  }
  if (association.path.empty() || association.path.size() > kMostPathBytes ||
      has_control(association.path)) {
    return fault("path", association.path, "must have 1 to 512 bytes and no control characters");
  }
  if (!is_type_name(association.type)) {
    return fault("type", association.type, "is not of the form [a-z][a-z0-9_-]*");
  }
  std::int32_t weight = 0;
  const char* end = association.weight.data() + association.weight.size();
  const auto [stopped, failure] = std::from_chars(association.weight.data(), end, weight);
  if (failure != std::errc{} || stopped != end) {
    return fault("weight", association.weight, "is not a whole number of 32 bits");
  }
  return std::nullopt;
}

}  // namespace redkeep::content
