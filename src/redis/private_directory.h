#pragma once
// A directory that nobody else on the machine is to read: the keys of a Redis are in its files, the
// tokens of sessions among them.
#include <optional>
#include <string>

#include "redkeep/result.h"

namespace redkeep::redis {

/// Makes the directory, and those above it, if need be. One that is made by this is 0700, whatever
/// the umask; one that is there is left as it is. Io if it cannot be made (it is named).
Status make_private_directory(const std::string& path);

/// What to tell a person about a directory that others than its owner have rights to; nothing if
/// nobody has, or there is none.
std::optional<std::string> who_else_may_use(const std::string& path);

}  // namespace redkeep::redis
