#pragma once
// What a store does about a server that answers OOM.
#include <functional>
#include <string>

#include "redis/client.h"

namespace redkeep::redis {

/// Makes room on the server, if it can; says in a few words what came of it, for a message. It is
/// called after a write was refused for want of memory, and the write is then tried once more.
using MakeRoom = std::function<awaitable<std::string>()>;

}  // namespace redkeep::redis
