#pragma once
// Making errors, and telling their kind to a person or a shell.
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "redkeep/result.h"

namespace redkeep {

/// make_error(ErrorKind::Io, "cannot read {}: {}", path, reason)
template <class... Args>
Error make_error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return Error{kind, fmt::format(format, std::forward<Args>(args)...)};
}

/// Of work that was told to stop, and did.
inline Error interrupted() { return Error{ErrorKind::Interrupted, "stopped on request"}; }

/// The same error with a sentence in front that says what was being done.
inline Error within(std::string_view doing, const Error& error) {
  return Error{error.kind, fmt::format("{}: {}", doing, error.message)};
}

/// The text of errno (strerror), as a word of a message.
std::string system_reason(int error_number);

/// Bytes as they may be shown: control characters, quotes, escapes, invalid UTF-8, and what cannot
/// be seen or changes the direction of a text (U+200B, U+202E) as \xNN, cut to `max_bytes`. For
/// keys, file contents and server replies in messages, logs and terminals.
std::string printable(std::string_view bytes, std::size_t max_bytes = 200);

}  // namespace redkeep
