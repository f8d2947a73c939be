#pragma once
// One reply of the server (RESP2).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redkeep/result.h"

namespace redkeep::redis {

struct Reply {
  enum class Type { Nil, Status, Error, Integer, String, Array };
  Type type = Type::Nil;
  std::int64_t integer = 0;     ///< Of an Integer.
  std::string text;             ///< Of a Status, Error or String.
  std::vector<Reply> elements;  ///< Of an Array.

  bool is_nil() const { return type == Type::Nil; }
  bool is_error() const { return type == Type::Error; }
  bool is_string() const { return type == Type::String || type == Type::Status; }
  bool is_integer() const { return type == Type::Integer; }
  bool is_array() const { return type == Type::Array; }
  /// The text of a String or Status; nothing otherwise.
  std::optional<std::string_view> string() const {
    return is_string() ? std::optional<std::string_view>(text) : std::nullopt;
  }
};

/// An error reply as our error: its kind is told from its first word and, within ERR, from a closed
/// list of texts. `command` names what was asked.
Error error_from_reply(std::string_view command, const Reply& reply);

/// A reply of a shape that nobody expects.
Error unexpected_reply(std::string_view command, const Reply& reply);

}  // namespace redkeep::redis
