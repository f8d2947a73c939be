#pragma once
// A server that is reading its data from the disk answers INFO, and refuses nearly all else.
#include <functional>
#include <stop_token>
#include <string>

#include "redis/connection.h"
#include "redis/server_info.h"

namespace redkeep::redis {

/// Asks INFO until the server has loaded its data, and returns what it said then. `waiting`, which
/// may be empty, is told in words why there is nothing yet. Fails as the connection does, with what
/// the server answered instead (NotPermitted where this user may not ask), or with Interrupted.
awaitable<Result<ServerInfo>> info_when_loaded(Connection& connection, std::stop_token stop,
                                               std::function<void(const std::string&)> waiting);

}  // namespace redkeep::redis
