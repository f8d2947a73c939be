#pragma once
// An entity's data as JSON: whether it is an object, and the text in it that is searched. Pure.
#include <optional>
#include <string>
#include <string_view>

namespace redkeep::content {

/// Why `data` is not one JSON object (RFC 8259) of at most 64 levels; nothing if it is.
std::optional<std::string> json_object_fault(std::string_view data);

/// Appends the string members title, description and content of the object to `text`, a blank line
/// before each. False if `data` is not a JSON object; whether it is UTF-8, who stored it has
/// checked.
bool append_searched_text(std::string_view data, std::string& text);

}  // namespace redkeep::content
