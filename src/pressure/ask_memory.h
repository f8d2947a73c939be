#pragma once
// Asks a server for its memory: the one place where INFO becomes a reading.
#include <memory>

#include "pressure/memory_reading.h"
#include "redis/client.h"
#include "redkeep/options.h"

namespace redkeep::pressure {

/// The limit is the server's, or the one of `options` where it has none. Fails as the client does,
/// and as read_memory() does. `options` must outlive the call.
redis::awaitable<Result<MemoryReading>> ask_memory(std::shared_ptr<redis::Client> client,
                                                   const Options& options);

}  // namespace redkeep::pressure
