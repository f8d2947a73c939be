#pragma once
// Replies in their wire form (RESP2), for scripts.
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace redkeep::wire {

inline std::string status(std::string_view text) { return fmt::format("+{}\r\n", text); }
inline std::string refusal(std::string_view text) { return fmt::format("-{}\r\n", text); }
inline std::string integer(std::int64_t value) { return fmt::format(":{}\r\n", value); }
inline std::string nil() { return "$-1\r\n"; }
inline std::string bulk(std::string_view text) {
  return fmt::format("${}\r\n{}\r\n", text.size(), text);
}

/// `elements` are whole replies.
inline std::string array(const std::vector<std::string>& elements) {
  std::string reply = fmt::format("*{}\r\n", elements.size());
  for (const auto& element : elements) reply += element;
  return reply;
}

/// What SCAN answers.
inline std::string scan_page(std::string_view next_cursor, const std::vector<std::string>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(bulk(key));
  return array({bulk(next_cursor), array(names)});
}

}  // namespace redkeep::wire
