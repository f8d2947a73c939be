#pragma once
// A few bytes of our own on a server that answers OOM to SET: what tells others how things stand is
// needed most when it is full.
#include <memory>
#include <string>

#include "redis/client.h"

namespace redkeep::redis {

/// SET by a script that says that it is to run all the same (Redis 7.0 and later; others refuse
/// it).
awaitable<Status> set_when_full(std::shared_ptr<Client> client, std::string key, std::string value);

}  // namespace redkeep::redis
